// Tests: a mode that Core lacks: 4-byte entries, a short root without rights, high frame bits.
using Mmu.Architecture.Generation;

namespace Mmu.Tests.Derivation;

/// <summary>A root of 8 entries, three levels of 32 4-byte entries, 30-bit addresses, pages of 4 KiB and, with CR4.PSE, 128 KiB.</summary>
[PagingMode(typeof(NarrowPte), Levels = 4, IndexBits = 5, Address = AddressForm.Truncated)]
[RootTable(indexBits: 3)]
[Leaf(1)]
[Leaf(2, NeedsPse = true)]
[HighFrame(level: 2, low: 9, high: 11, addressBit: 34)]
[Reserved(2, 2)]
[Reserved(6, 7, Level = 4)]
[Reserved(12, 12, Level = 2, In = EntryKinds.Leaf)]
[Reserved(8, 8, Level = 2, In = EntryKinds.Leaf, When = ReservedWhen.Amd)]
internal readonly partial struct Narrow4;
