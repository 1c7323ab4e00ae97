// Tdp: puts leaves and MMIO entries in their place, and makes the tables on the way.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Tdp;

internal sealed partial class TdpFault<TSpte>
    where TSpte : struct, ISpteFormat
{
    // So often one fault may lose exchanges at one entry before the guest is to try again.
    private const int Tries = 8;

    // Goes down to the leaf's level, making what is missing, and puts the leaf there.
    private FaultOutcome Install(TdpVcpu vcpu, SlotRecord slot, in TdpLeaf leaf, AccessKind kind, out int level)
    {
        PageHandle page = vcpu.Root;
        level = _state.Options.Levels;
        bool changed = false;
        for (int tries = 0; tries < Tries; tries++)
        {
            if (!TryReach(vcpu, leaf.Gfn, leaf.Level, ref page, ref level, ref changed, out int index, out ulong old))
            {
                break;
            }

            if (LeafMaker<TSpte>.Allows(old, level, kind))
            {
                return changed ? FaultOutcome.Fixed : FaultOutcome.Spurious;
            }

            SchedulePoint.At(SchedulePointKind.TdpFaultRead);
            if (level > leaf.Level)
            {
                // A huge page that does not allow it: part of it may. Where another is first, what it made is looked at anew.
                changed |= TryDescend(vcpu, leaf.Gfn, page, index, level, old);
                continue;
            }

            FaultOutcome outcome = TrySetLeaf(vcpu, slot, leaf with { Level = level }, kind, page, index, old);
            if (outcome != FaultOutcome.None)
            {
                return outcome;
            }
        }

        return _vm.IsDead ? FaultOutcome.VmDead : FaultOutcome.Retry;
    }

    // Goes on from a table down to an entry that names no table and is at a level at most, or is a huge leaf above it, making tables that are missing. Where
    // there is a table already, leaves stay small: who wants them huge again puts that in place (HugePageRecovery). False where another holds an entry
    // frozen, or keeps winning.
    private bool TryReach(TdpVcpu vcpu, ulong gfn, int highest, ref PageHandle page, ref int level, ref bool changed, out int index, out ulong old)
    {
        // Places of their own: the caller's are in memory.
        PageHandle table = page;
        int at = level;
        int entry = 0;
        ulong spte = Spte.Empty;
        bool reached = false;
        for (int tries = Tries * _state.Options.Levels; tries > 0; tries--)
        {
            entry = PageLevel.IndexOf(gfn << 12, at);
            spte = _state.Pages.Tables[table].Load(entry);
            if (spte == Spte.Frozen)
            {
                break;
            }

            bool isPresent = Spte.IsPresent(spte);
            if (isPresent && !Spte.IsLeaf(spte, at))
            {
                table = _state.Pages.ChildOf(spte);
                if (table.IsNone)
                {
                    _state.Corrupt("An entry named a table that is none of ours");
                    break;
                }

                at--;
            }
            else if (isPresent || at <= highest)
            {
                reached = true;
                break;
            }
            else
            {
                SchedulePoint.At(SchedulePointKind.TdpFaultRead);
                changed |= TryDescend(vcpu, gfn, table, entry, at, spte);
            }
        }

        page = table;
        level = at;
        index = entry;
        old = spte;
        return reached;
    }

    // Makes an entry name a table: a fresh one, or one that maps what the entry mapped.
    private bool TryDescend(TdpVcpu vcpu, ulong gfn, PageHandle page, int index, int level, ulong old)
    {
        ulong first = gfn & ~(PageLevel.FramesOf(level) - 1);
        if (vcpu.Pages.Count == 0)
        {
            return false;
        }

        PageHandle child = vcpu.Pages.Pop();
        if (Spte.IsPresent(old))
        {
            if (LeafSplitter<TSpte>.TrySplit(_state, child, page, index, level, first, ref old, ref vcpu.Tally))
            {
                return true;
            }

            // It is filled, and goes back to where fresh pages come from.
            _vm.Tables.Free(child);
            return false;
        }

        _state.Pages[child] = TdpPage.Table(first, level - 1, page, index);
        RetireList owed = default;
        ulong table = TSpte.MakeNonLeaf(_vm.SpteHost, _vm.Tables.FrameOf(child).Value << 12);
        if (SpteUpdates<TSpte>.TrySet(_state, page, index, level, ref old, table, ref vcpu.Tally, ref owed))
        {
            vcpu.Tally.TablesMade++;
            return true;
        }

        vcpu.Pages.Push(child);
        return false;
    }

    // None if the exchange was lost.
    private FaultOutcome TrySetLeaf(TdpVcpu vcpu, SlotRecord slot, in TdpLeaf leaf, AccessKind kind, PageHandle page, int index, ulong old)
    {
        bool mmuWritable = leaf.HostWritable
            && (leaf.Level > 1 || !slot.IsGuarded(leaf.Gfn) || _vm.AllowWritable(slot, leaf.Gfn));

        // Where W was taken to notice the next write, only a write gives it back; while the slot is logged it is for writes alone, which are marked.
#if MMU_FAULT_158
        bool writable = mmuWritable;
#else
        bool writable = mmuWritable && (kind == AccessKind.Write || (Spte.IsPresent(old) ? TSpte.IsWritable(old) : !slot.IsLogged));
#endif
        ulong value = LeafMaker<TSpte>.Make(_state, leaf, mmuWritable, writable);
        if (Spte.IsPresent(old) && Spte.FrameOf(_vm.SpteHost, old) != Spte.FrameOf(_vm.SpteHost, value))
        {
            // Nobody sees both frames at once: the old one is gone from every TLB first.
            _ = SpteUpdates<TSpte>.TryZap(_state, page, index, leaf.Level, ref old, ref vcpu.Tally);
            return FaultOutcome.None;
        }

        FaultOutcome outcome = kind == AccessKind.Write && !mmuWritable ? FaultOutcome.WriteProtected : FaultOutcome.Fixed;
        if (value == old)
        {
            return outcome == FaultOutcome.Fixed ? FaultOutcome.Spurious : outcome;
        }

        RetireList owed = default;
        if (!SpteUpdates<TSpte>.TrySet(_state, page, index, leaf.Level, ref old, value, ref vcpu.Tally, ref owed))
        {
            return FaultOutcome.None;
        }

        if (writable)
        {
            slot.DirtyLog?.Mark(leaf.Gfn, vcpu.Vcpu.DirtyRing);
        }

        _vm.Trace?.Write(TracePoint.SetSpte, leaf.Gfn, value, _vm.Tables.AddressOf(page, index), (ulong)leaf.Level);
        _state.Settle(ref owed);
        return outcome;
    }

    // An entry that says "no memory" makes the next access there cheap. Where none can be made the answer is the same.
    private FaultOutcome MapMmio(TdpVcpu vcpu, ulong gfn, bool isPrivate)
    {
        if (isPrivate)
        {
            return FaultOutcome.MemoryFault;
        }

        ulong value = TSpte.MakeMmio(_vm.SpteHost, gfn, Rights.None, _vm.SlotGeneration);
        if (Spte.IsEmpty(value))
        {
            return FaultOutcome.Mmio;
        }

        PageHandle page = vcpu.Root;
        int level = _state.Options.Levels;
        bool changed = false;
        for (int tries = 0; tries < Tries; tries++)
        {
            if (!TryReach(vcpu, gfn, highest: 1, ref page, ref level, ref changed, out int index, out ulong old) || Spte.IsPresent(old))
            {
                // Somebody is at it; or a slot was there a moment ago, and who removes it has not come this far.
                return _vm.IsDead ? FaultOutcome.VmDead : FaultOutcome.Retry;
            }

            RetireList owed = default;
            if (old == value)
            {
                break;
            }

            if (SpteUpdates<TSpte>.TrySet(_state, page, index, level, ref old, value, ref vcpu.Tally, ref owed))
            {
                vcpu.Tally.MmioEntries++;
                _vm.Trace?.Write(TracePoint.MarkMmioSpte, _vm.Tables.AddressOf(page, index), gfn, 0, _vm.SlotGeneration);
                break;
            }
        }

        return FaultOutcome.Mmio;
    }
}
