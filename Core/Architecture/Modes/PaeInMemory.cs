// Architecture: PAE paging that reads its PDPTEs in each walk, as AMD processors do under nested paging.
using Mmu.Architecture.Generation;

namespace Mmu.Architecture;

/// <summary>
/// PAE paging with the PDPTEs in memory: guests under nested paging, and nested tables of a PAE host. AMD APM "Nested Paging".
/// </summary>
[PagingMode(typeof(PtePae), Levels = 3, IndexBits = 9, Address = AddressForm.Truncated)]
[RootTable(indexBits: 2)]
[Leaf(1)]
[Leaf(2)]
[Reserved(1, 2, Level = 3)]
[Reserved(5, 8, Level = 3)]
[Reserved(63, 63, Level = 3)]
[Reserved(13, 20, Level = 2, In = EntryKinds.Leaf)]
[Reserved(52, 62)]
[Reserved(63, 63, When = ReservedWhen.NoExecuteOff)]
internal readonly partial struct PaeInMemory;
