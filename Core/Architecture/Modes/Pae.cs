// Architecture: PAE paging with the four PDPTEs in registers.
using Mmu.Architecture.Generation;

namespace Mmu.Architecture;

/// <summary>
/// PAE paging: four PDPTE registers loaded when CR3 is written, then two levels of 512 entries, 4-KiB and 2-MiB pages. Intel SDM "PAE
/// Paging".
/// </summary>
[PagingMode(typeof(PtePae), Levels = 3, IndexBits = 9, Address = AddressForm.Truncated)]
[RootTable(indexBits: 2, InRegisters = true)]
[Leaf(1)]
[Leaf(2)]
[Reserved(13, 20, Level = 2, In = EntryKinds.Leaf)]
[Reserved(52, 62)]
[Reserved(63, 63, When = ReservedWhen.NoExecuteOff)]
internal readonly partial struct Pae;
