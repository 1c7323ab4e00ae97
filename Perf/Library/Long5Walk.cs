// Perf: the generated Long5 walker over one flat window.
using System.Runtime.CompilerServices;
using Mmu.Guest;
using Mmu.Walk;

namespace Mmu.Perf.Library;

/// <summary>Names <see cref="Long5Walker"/>.</summary>
internal readonly struct Long5Walk : IFlatWalk
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Walk(WalkContext context, ref FlatView view, ulong gva, uint access, ref WalkResult result) =>
        Long5Walker.Walk<FlatView, MarkUsed>(context, ref view, gva, access, ref result);
}
