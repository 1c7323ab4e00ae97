// Shadow scenes: the VMM's side.
using System;
using Mmu.Addressing;
using Mmu.Common;

namespace Mmu.Tests.Shadow.Scenes;

internal sealed class SceneHost : IMmuHost
{
    /// <summary>Called for each flush, with the scope.</summary>
    internal Action<FlushScope>? Flushed { get; set; }

    /// <summary>Answers for frames of slots that are resolved on demand; by default the frame where a scene puts it.</summary>
    internal Func<Gfn, bool, ResolvedFrame> Resolver { get; set; } =
        (gfn, _) => new ResolvedFrame(ResolvedKind.Present, new Pfn(ShadowScene.FrameBase + gfn.Value), 0);

    public bool Flush(ReadOnlySpan<int> vcpus, FlushRange range)
    {
        Flushed?.Invoke(range.Scope);
        return true;
    }

    public void Kick(ReadOnlySpan<int> vcpus)
    {
    }

    public ResolvedFrame Resolve(Gfn gfn, bool write) => Resolver(gfn, write);
}
