// Perf: names one generated walker to generic code, which then calls it directly.
using Mmu.Guest;
using Mmu.Walk;

namespace Mmu.Perf.Library;

/// <summary>A generated walker over one flat window that sets A and D.</summary>
internal interface IFlatWalk
{
    static abstract ulong Walk(WalkContext context, ref FlatView view, ulong gva, uint access, ref WalkResult result);
}
