// Perf: the generated Pae walker over one flat window.
using System.Runtime.CompilerServices;
using Mmu.Guest;
using Mmu.Walk;

namespace Mmu.Perf.Library;

/// <summary>Names <see cref="PaeWalker"/>.</summary>
internal readonly struct PaeWalk : IFlatWalk
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Walk(WalkContext context, ref FlatView view, ulong gva, uint access, ref WalkResult result) =>
        PaeWalker.Walk<FlatView, MarkUsed>(context, ref view, gva, access, ref result);
}
