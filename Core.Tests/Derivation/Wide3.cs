// Tests: a mode that Core lacks: 3 levels of tables of 8 KiB.
using Mmu.Architecture.Generation;

namespace Mmu.Tests.Derivation;

/// <summary>Three levels of 1024 8-byte entries, 42-bit sign-extended addresses, pages of 4 KiB, 4 MiB and 4 GiB.</summary>
[PagingMode(typeof(WidePte), Levels = 3, IndexBits = 10, Address = AddressForm.Canonical)]
[Leaf(1)]
[Leaf(2)]
[Leaf(3)]
[Reserved(62, 63)]
[Reserved(5, 5, In = EntryKinds.Leaf)]
[Reserved(6, 7, Level = 2, In = EntryKinds.Table)]
[Reserved(14, 23, Level = 2, In = EntryKinds.Leaf)]
[Reserved(14, 33, Level = 3, In = EntryKinds.Leaf)]
[Reserved(60, 60, Level = 3, In = EntryKinds.Leaf, When = ReservedWhen.No1GPages)]
[Reserved(57, 57, Level = 3, When = ReservedWhen.Amd)]
[Reserved(1, 1, When = ReservedWhen.NoExecuteOff)]
internal readonly partial struct Wide3;
