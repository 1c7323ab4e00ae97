// Tests: a mode that Core lacks: addresses of 36 bits, flags above them.
using Mmu.Architecture.Generation;

namespace Mmu.Tests.Derivation;

/// <summary>Three levels of 512 8-byte entries, 39-bit sign-extended addresses, pages of 4 KiB and 2 MiB.</summary>
[PagingMode(typeof(PlainPte), Levels = 3, IndexBits = 9, Address = AddressForm.Canonical)]
[Leaf(1)]
[Leaf(2)]
[Reserved(12, 20, Level = 2, In = EntryKinds.Leaf)]
[Reserved(63, 63, When = ReservedWhen.NoExecuteOff)]
internal readonly partial struct Plain3;
