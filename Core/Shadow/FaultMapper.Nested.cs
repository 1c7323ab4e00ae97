// Shadow: what a fault of L2 behind EPT or NPT has besides others.
using System;
using Mmu.Architecture;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Shadow;

internal ref partial struct FaultMapper<TGuest, TSpte>
    where TGuest : struct, IGuestTables
    where TSpte : struct, ISpteFormat
{
    // Down the tables above L1's root, which name tables of the level below for the same root.
    private bool TryPass(ref ZapList list)
    {
        PageRole role = _state.Pages[_page].Role;
        while (role.IsPassthrough)
        {
            int index = IndexAt(role.Level);
            if (index >= role.PassthroughEntries)
            {
                return false;
            }

            ulong gfn = _state.Pages[_page].Gfn;
            PageRole below = role.BelowPassthrough(index);
            if (!TryFindChild(_page, role.Level, index, gfn, below, out PageHandle child) && !TryLink(_page, index, gfn, below, ref list, out child))
            {
                return false;
            }

            _page = child;
            role = below;
        }

        _level = role.Level;
        return true;
    }

    // Nested tables: no larger than the processor's pages; and where the VM keeps huge pages from being executable, a fetch gets a small one, as does
    // everything else in a range that was split for it.
    private readonly int AsHostAllows(int level, ref Rights rights)
    {
        if (!_vcpu.Vcpu.RunsNested)
        {
            return level;
        }

        level = Math.Min(level, _state.Vm.Nested!.HighestPageLevel);
        if (level == 1 || !_state.Vm.NxHugePages)
        {
            return level;
        }

        bool isSplit = level == _level && IsTable(_state.Pages.Tables[_page].Load(IndexAt(level)), level);
#if MMU_FAULT_222
        if (isSplit)
#else
        if (_access.Kind == AccessKind.Fetch || isSplit)
#endif
        {
            return 1;
        }

        rights &= ~(Rights.Execute | (typeof(TSpte) == typeof(NptSpte) ? Rights.None : Rights.User));
        return level;
    }

    private static bool IsTable(ulong spte, int level) => Spte.IsPresent(spte) && !Spte.IsLeaf(spte, level);
}
