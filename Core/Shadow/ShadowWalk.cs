// Shadow: walks of our own tables without the lock.
using System;
using Mmu.Addressing;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Shadow;

/// <summary>
/// Walks the tables a processor walks. Readers are inside an epoch: a page that is taken apart meanwhile is not used again before they are done.
/// </summary>
internal sealed class ShadowWalk
{
    private const int PaeLevel = 3;

    private readonly ShadowState _state;

    internal ShadowWalk(ShadowState state) => _state = state;

    /// <summary>The entries on the way to an address, root first; how many.</summary>
    internal int Walk(ShadowVcpu vcpu, ulong gva, Span<ulong> sptes)
    {
        RootEntry root = vcpu.Roots[0];
        if (!root.IsLoaded)
        {
            return 0;
        }

        int count = 0;
        _ = Begin(vcpu);
        if (root.IsPae && count < sptes.Length)
        {
            sptes[count++] = _state.Vm.Tables.Load(root.Pae, (int)(gva >> 30) & 3);
        }

        PageHandle page = TopOf(root, gva, out int level);
        while (!page.IsNone && level > 0 && count < sptes.Length)
        {
            ulong spte = _state.Pages.Tables[page].Load(PageLevel.IndexOf(gva, level));
            sptes[count++] = spte;
            page = ChildOf(spte, level);
            level--;
        }

        End(vcpu);
        return count;
    }

    /// <summary>The last entry on the way to an address: of a leaf, or of what is not there.</summary>
    internal bool TryLeaf(ShadowVcpu vcpu, ulong gva, out ulong spte)
    {
        spte = Spte.Empty;
        RootEntry root = vcpu.Roots[0];
        if (!root.IsLoaded)
        {
            return false;
        }

        _ = Begin(vcpu);
        PageHandle page = TopOf(root, gva, out int level);
        while (!page.IsNone && level > 0)
        {
            spte = _state.Pages.Tables[page].Load(PageLevel.IndexOf(gva, level));
            page = ChildOf(spte, level);
            level--;
        }

        End(vcpu);
        return true;
    }

    /// <summary>The page of level 1 on the way to an address; false if there is none. Lock held.</summary>
    internal bool TryFindLowest(RootEntry root, ulong gva, out PageHandle page, out int index)
    {
        page = TopOf(root, gva, out int level);
        while (!page.IsNone && level > 1)
        {
            page = ChildOf(_state.Pages.Tables[page].Load(PageLevel.IndexOf(gva, level)), level);
            level--;
        }

        index = PageLevel.IndexOf(gva, 1);
        return !page.IsNone;
    }

    private ulong Begin(ShadowVcpu vcpu) => _state.Vm.Epochs.Enter(vcpu.Vcpu.Id);

    private void End(ShadowVcpu vcpu) => _state.Vm.Epochs.Exit(vcpu.Vcpu.Id);

    private static PageHandle TopOf(RootEntry root, ulong gva, out int level)
    {
        if (root.IsPae)
        {
            level = PaeLevel - 1;
            return root.Tables[(int)(gva >> 30) & 3];
        }

        level = root.Role.Level;
        return root.Tables[0];
    }

    private PageHandle ChildOf(ulong spte, int level) =>
        Spte.IsPresent(spte) && !Spte.IsLeaf(spte, level)
        && _state.Pages.Tables.TryPageOf(Spte.FrameOf(_state.Vm.SpteHost, spte) >> 12, out PageHandle child)
            ? child : PageHandle.None;
}
