// Shadow: makes leaves.
using System;
using System.Runtime.CompilerServices;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Shadow;

/// <summary>Makes leaves of one format. Lock held.</summary>
internal static class LeafMapper<TSpte>
    where TSpte : struct, ISpteFormat
{
    /// <summary>Makes an entry map a page of a slot, for an access.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static LeafResult Set(ShadowState state, ShadowVcpu vcpu, PageHandle page, int index, SlotRecord slot, in LeafIntent intent, ref ZapList list)
    {
        ref ShadowPage header = ref state.Pages[page];
        PtPage table = state.Pages.Tables[page];
        ulong old = table.Load(index);
        if (!Spte.IsEmpty(old) && !Maps(state, header, page, index, old, intent.Frame << 12, intent.Gfn))
        {
            state.Zapper.DropEntry(page, index, ref list);
            old = Spte.Empty;
        }

        bool wanted = (intent.Rights & Rights.Write) != 0 && intent.HostWritable;
        bool writable = wanted
            && ((Spte.IsPresent(old) && TSpte.IsWritable(old)) || MayBecomeWritable(state, slot, intent));
        if (writable && intent.Writes)
        {
            // With the lock held it makes no difference that the entry comes later.
#if !MMU_FAULT_157
            slot.DirtyLog?.Mark(intent.Gfn, vcpu.Vcpu.DirtyRing);
#endif
        }

        ulong spte = Make(state.Vm, header.Role.Level, intent, writable);
        LeafResult result = wanted && !writable ? LeafResult.WriteProtected : LeafResult.Set;
        if (spte == old)
        {
            return result == LeafResult.Set ? LeafResult.Same : result;
        }

        if (!header.Role.IsDirect)
        {
            state.Pages.Translation(page, index) = ShadowPages.Pack(intent.Gfn, intent.Rights);
        }

        if (Spte.IsEmpty(old))
        {
            Enter(state, vcpu, slot, header.Role.Level, intent.Gfn, new SpteRef(page, index), ref list);
            header.Entries++;
            state.Counters.AddPages(header.Role.Level, 1);
            state.Counters.SpteStores++;
            SpteDoor.Fill<TSpte>(table, index, spte);
        }
        else
        {
            list.NeedsFlush |= (state.Zapper.Store<TSpte>(table, index, spte) & SpteConsequences.Flush) != 0;
        }

        state.Vm.Trace?.Write(TracePoint.SetSpte, intent.Gfn, spte, state.Pages.Tables.AddressOf(page, index), (ulong)header.Role.Level);
        return result;
    }

    /// <summary>The entry for what is to be mapped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Make(VmCore vm, int level, in LeafIntent intent, bool writable) => TSpte.MakeLeaf(vm.SpteHost, new LeafSpec
    {
        Frame = intent.Frame << 12,
        Level = level,
        Rights = writable ? intent.Rights : intent.Rights & ~Rights.Write,
        Traits = (intent.HostWritable ? LeafTraits.HostWritable : LeafTraits.None)
            | (writable ? LeafTraits.MmuWritable | LeafTraits.Dirty : LeafTraits.None)
            | (intent.Accessed ? LeafTraits.Accessed : LeafTraits.None)
            | (intent.IsDevice ? LeafTraits.NoEncryption : LeafTraits.None),
        Key = intent.Key,
        MemoryType = intent.IsDevice ? MemoryType.Uncacheable : MemoryType.WriteBack,
        IgnorePat = !intent.IsDevice && vm.Nested is not { HonoursGuestPat: true },
    });

    /// <summary>Puts a leaf that is about to be stored into its rmap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Enter(ShadowState state, ShadowVcpu vcpu, SlotRecord slot, int level, ulong gfn, SpteRef leaf, ref ZapList list)
    {
        ref uint rmap = ref state.Rmaps.Of(slot)[level, gfn];
        if (rmap == 0)
        {
            rmap = leaf.ToWord();
        }
        else
        {
            EnterAnother(state, vcpu, ref rmap, leaf, ref list);
        }
    }

    /// <summary>Makes an entry say that there is no memory, if the format can say so.</summary>
    internal static void SetMmio(ShadowState state, PageHandle page, int index, ulong gfn, Rights rights, ref ZapList list)
    {
        // Whatever was there goes first, with its rmap entry (bug 3).
#if MMU_FAULT_72
        list.NeedsFlush = true;
#else
        state.Zapper.DropEntry(page, index, ref list);
#endif
        ulong spte = TSpte.MakeMmio(state.Vm.SpteHost, gfn, rights, state.Vm.SlotGeneration);
        if (Spte.IsEmpty(spte))
        {
            return;
        }

        ref ShadowPage header = ref state.Pages[page];
        header.Entries++;
        if (!header.Role.IsDirect)
        {
            state.Pages.Translation(page, index) = ShadowPages.Pack(gfn, rights);
        }

        _ = state.Zapper.Store<TSpte>(state.Pages.Tables[page], index, spte);
        state.Counters.MmioEntries++;
        state.Vm.Trace?.Write(TracePoint.MarkMmioSpte, state.Pages.Tables.AddressOf(page, index), gfn, (ulong)rights, state.Vm.SlotGeneration);
    }

    // While the slot is logged, only for a write, which is marked.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool MayBecomeWritable(ShadowState state, SlotRecord slot, in LeafIntent intent) =>
#if !MMU_FAULT_158
        (intent.Writes || !slot.IsLogged)
#else
        (intent.Writes || slot.Pages != 0)
#endif
        && (!slot.IsGuarded(intent.Gfn) || state.Guard.AllowWritable(slot, intent.Gfn, canUnsync: true) != WritableAnswer.Denied);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Maps(ShadowState state, in ShadowPage header, PageHandle page, int index, ulong old, ulong frame, ulong gfn) =>
        Spte.IsPresent(old)
        && Spte.IsLeaf(old, header.Role.Level)
        && Spte.FrameOf(state.Vm.SpteHost, old) == frame
        && state.Pages.GfnOfEntry(page, header, index) == gfn;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void EnterAnother(ShadowState state, ShadowVcpu vcpu, ref uint rmap, SpteRef leaf, ref ZapList list)
    {
#if MMU_FAULT_101
        if (state.Refs.Count(rmap) > uint.MaxValue - RefLists.LongestList)
#else
        if (state.Refs.Count(rmap) >= RefLists.LongestList)
#endif
        {
            state.Leaves.Drop(ref rmap, ref list);
        }

        _ = state.Refs.Add(ref rmap, leaf, ref vcpu.Chunks);
        state.Counters.LongestRmap = Math.Max(state.Counters.LongestRmap, (ulong)state.Refs.Count(rmap));
    }
}
