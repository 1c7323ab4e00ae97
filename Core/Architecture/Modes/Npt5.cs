// Architecture: nested page tables of 5 levels.
using Mmu.Architecture.Generation;

namespace Mmu.Architecture;

/// <summary>Nested tables of 5 levels: zero-extended guest-physical addresses. AMD APM "Nested Paging".</summary>
[PagingMode(typeof(Pte64), Levels = 5, IndexBits = 9, Address = AddressForm.ZeroExtended)]
[Leaf(1)]
[Leaf(2)]
[Leaf(3)]
[Reserved(7, 8, Level = 5)]
[Reserved(7, 8, Level = 4)]
[Reserved(13, 29, Level = 3, In = EntryKinds.Leaf)]
[Reserved(7, 7, Level = 3, In = EntryKinds.Leaf, When = ReservedWhen.No1GPages)]
[Reserved(13, 20, Level = 2, In = EntryKinds.Leaf)]
[Reserved(63, 63, When = ReservedWhen.NoExecuteOff)]
internal readonly partial struct Npt5;
