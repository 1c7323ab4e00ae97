// Architecture: EPT with a page walk of length 4.
using Mmu.Architecture.Generation;

namespace Mmu.Architecture;

/// <summary>EPT of four levels: guest-physical addresses of 48 bits. Intel SDM "EPT Translation Mechanism".</summary>
[PagingMode(typeof(EptPte), Levels = 4, IndexBits = 9, Address = AddressForm.ZeroExtended)]
[Leaf(1)]
[Leaf(2)]
[Leaf(3)]
[Reserved(3, 7, Level = 4)]
[Reserved(3, 6, Level = 3, In = EntryKinds.Table)]
[Reserved(3, 6, Level = 2, In = EntryKinds.Table)]
[Reserved(12, 29, Level = 3, In = EntryKinds.Leaf)]
[Reserved(12, 20, Level = 2, In = EntryKinds.Leaf)]
[Reserved(7, 7, Level = 3, In = EntryKinds.Leaf, When = ReservedWhen.No1GPages)]
[Reserved(7, 7, Level = 2, In = EntryKinds.Leaf, When = ReservedWhen.No2MPages)]
internal readonly partial struct Ept4;
