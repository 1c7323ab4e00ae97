// Architecture: 32-bit paging.
using Mmu.Architecture.Generation;

namespace Mmu.Architecture;

/// <summary>
/// 32-bit paging: two levels of 1024 4-byte entries, 4-KiB pages, 4-MiB pages with CR4.PSE, PSE-36. Intel SDM "32-Bit Paging".
/// </summary>
[PagingMode(typeof(Pte32), Levels = 2, IndexBits = 10, Address = AddressForm.Truncated)]
[Leaf(1)]
[Leaf(2, NeedsPse = true)]
[HighFrame(level: 2, low: 13, high: 20, addressBit: 32)]
[Reserved(13, 21, Level = 2, In = EntryKinds.Leaf, When = ReservedWhen.BeyondPse36)]
internal readonly partial struct Legacy32;
