// Architecture: nested page tables of a host in PAE paging.
using Mmu.Architecture.Generation;

namespace Mmu.Architecture;

/// <summary>
/// Nested tables in the PAE format: guest-physical addresses of 32 bits, PDPTEs read in each walk. AMD APM "Nested Paging".
/// </summary>
[PagingMode(typeof(PtePae), Levels = 3, IndexBits = 9, Address = AddressForm.ZeroExtended)]
[RootTable(indexBits: 2)]
[Leaf(1)]
[Leaf(2)]
[Reserved(1, 2, Level = 3)]
[Reserved(5, 8, Level = 3)]
[Reserved(63, 63, Level = 3)]
[Reserved(13, 20, Level = 2, In = EntryKinds.Leaf)]
[Reserved(52, 62)]
[Reserved(63, 63, When = ReservedWhen.NoExecuteOff)]
internal readonly partial struct NptPae;
