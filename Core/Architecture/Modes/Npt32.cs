// Architecture: nested page tables of a host in 32-bit paging.
using Mmu.Architecture.Generation;

namespace Mmu.Architecture;

/// <summary>Nested tables in the 32-bit format: guest-physical addresses of 32 bits. AMD APM "Nested Paging".</summary>
[PagingMode(typeof(Pte32), Levels = 2, IndexBits = 10, Address = AddressForm.ZeroExtended)]
[Leaf(1)]
[Leaf(2, NeedsPse = true)]
[HighFrame(level: 2, low: 13, high: 20, addressBit: 32)]
[Reserved(13, 21, Level = 2, In = EntryKinds.Leaf, When = ReservedWhen.BeyondPse36)]
internal readonly partial struct Npt32;
