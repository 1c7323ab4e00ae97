// Tests: a mode that Core lacks: tables smaller than a page, a frame at the top of the entry.
using Mmu.Architecture.Generation;

namespace Mmu.Tests.Derivation;

/// <summary>Two levels of 64 8-byte entries, 24-bit zero-extended addresses, pages of 4 KiB and 256 KiB.</summary>
[PagingMode(typeof(HighPte), Levels = 2, IndexBits = 6, Address = AddressForm.ZeroExtended)]
[Leaf(1)]
[Leaf(2)]
[Reserved(0, 3)]
[Reserved(24, 29, Level = 2, In = EntryKinds.Leaf)]
internal readonly partial struct High2;
