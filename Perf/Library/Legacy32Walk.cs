// Perf: the generated Legacy32 walker over one flat window.
using System.Runtime.CompilerServices;
using Mmu.Guest;
using Mmu.Walk;

namespace Mmu.Perf.Library;

/// <summary>Names <see cref="Legacy32Walker"/>.</summary>
internal readonly struct Legacy32Walk : IFlatWalk
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Walk(WalkContext context, ref FlatView view, ulong gva, uint access, ref WalkResult result) =>
        Legacy32Walker.Walk<FlatView, MarkUsed>(context, ref view, gva, access, ref result);
}
