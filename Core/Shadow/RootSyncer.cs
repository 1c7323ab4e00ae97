// Shadow: brings everything below a page in step with the guest's tables.
using System;
using System.Numerics;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Shadow;

/// <summary>Brings unsync pages in step, in groups with one flush each.</summary>
/// <remarks>Guarded by: MmuLock(write).</remarks>
internal sealed class RootSyncer
{
    private const int GroupSize = 16;

    private readonly ShadowState _state;
    private readonly PageHandle[] _group = new PageHandle[GroupSize];

    internal RootSyncer(ShadowState state) => _state = state;

    /// <summary>
    /// Write-protects and brings in step every unsync page below a page, which is read as the vCPU reads its tables.
    /// </summary>
    internal void SyncBelow(ShadowVcpu vcpu, PageHandle top, ref ZapList list)
    {
        ShadowPages pages = _state.Pages;
        while (pages[top].UnsyncChildren != 0)
        {
            int count = 0;
            Collect(top, ref count);
            if (count == 0)
            {
                // Marks that lead to nothing would be followed for ever.
                _state.Vm.Kill();
                return;
            }

            bool flush = false;
            for (int i = 0; i < count; i++)
            {
                ref ShadowPage header = ref pages[_group[i]];
                SlotRecord? slot = _state.Vm.Slots[header.Role.AddressSpace].Find(header.Gfn);
                flush |= slot is not null && _state.Guard.WriteProtect(slot, header.Gfn);
            }

            // Nobody can write these tables any more once this is done: only then are they read.
            if (flush)
            {
                _state.Vm.Gate.FlushAll();
            }

            for (int i = 0; i < count; i++)
            {
                SyncOne(vcpu, _group[i], ref list);
            }
        }
    }

    private void SyncOne(ShadowVcpu vcpu, PageHandle page, ref ZapList list)
    {
        if (_state.Pages[page].IsInvalid)
        {
            return;
        }

        if (vcpu.Code!.SyncPage(_state, vcpu, page, ref list))
        {
            _state.Marks.ClearUnsync(page);
            _state.Counters.UnsyncTables--;
        }
        else
        {
            _state.Zapper.Zap(page, ref list);
        }
    }

    private void Collect(PageHandle page, ref int count)
    {
        Span<ulong> bits = _state.Pages.UnsyncBitsOf(page);
        PtPage table = _state.Pages.Tables[page];
        for (int word = 0; word < bits.Length; word++)
        {
            for (ulong left = bits[word]; left != 0 && count < GroupSize; left &= left - 1)
            {
                int index = (64 * word) + BitOperations.TrailingZeroCount(left);
                ulong spte = table.Load(index);
                if (!_state.Pages.Tables.TryPageOf(Spte.FrameOf(_state.Vm.SpteHost, spte) >> 12, out PageHandle child))
                {
                    _state.Vm.Kill();
                    return;
                }

                if (!_state.Pages[child].IsUnsync)
                {
                    Collect(child, ref count);
                }
                else if (!IsCollected(child, count))
                {
                    _group[count++] = child;
                }
            }
        }
    }

    // A page may be reached through several parents.
    private bool IsCollected(PageHandle page, int count)
    {
        foreach (PageHandle collected in _group.AsSpan(0, count))
        {
            if (collected == page)
            {
                return true;
            }
        }

        return false;
    }
}
