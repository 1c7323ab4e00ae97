// Architecture: 4-level paging.
using Mmu.Architecture.Generation;

namespace Mmu.Architecture;

/// <summary>4-level paging: 48-bit addresses, 4-KiB, 2-MiB and 1-GiB pages. Intel SDM "4-Level Paging and 5-Level Paging".</summary>
[PagingMode(typeof(Pte64), Levels = 4, IndexBits = 9, Address = AddressForm.Canonical)]
[Leaf(1)]
[Leaf(2)]
[Leaf(3)]
[Reserved(7, 7, Level = 4)]
[Reserved(8, 8, Level = 4, When = ReservedWhen.Amd)]
#if MMU_FAULT_9
[Reserved(13, 28, Level = 3, In = EntryKinds.Leaf)]
#else
[Reserved(13, 29, Level = 3, In = EntryKinds.Leaf)]
#endif
[Reserved(7, 7, Level = 3, In = EntryKinds.Leaf, When = ReservedWhen.No1GPages)]
[Reserved(13, 20, Level = 2, In = EntryKinds.Leaf)]
[Reserved(63, 63, When = ReservedWhen.NoExecuteOff)]
internal readonly partial struct Long4;
