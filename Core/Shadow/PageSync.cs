// Shadow: brings the entries of a level-1 page in step with the guest's.
using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Mmu.Architecture;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Shadow;

/// <summary>Compares guest entries with what was shadowed of them, eight at a time, and redoes those that differ. Lock held.</summary>
internal static class PageSync<TGuest, TSpte>
    where TGuest : struct, IGuestTables
    where TSpte : struct, ISpteFormat
{
    private const int Lanes = 8;
    private const int Group = 64;

    /// <summary>Brings a page in step; false if the guest's table cannot be read as the vCPU reads its tables.</summary>
    internal static bool SyncPage(ShadowState state, ShadowVcpu vcpu, PageHandle page, ref ZapList list)
    {
        ref ShadowPage header = ref state.Pages[page];
        if (!TryOpen(vcpu, header, out GuestWindow window))
        {
            return false;
        }

        state.Pages.Trace(state.Vm, TracePoint.SyncPage, page);
        ulong table = header.Gfn << 12;
        ReadOnlySpan<byte> guest = window.Bytes(table + TGuest.StartOf(header.Role), ShadowPages.EntryCount * TGuest.EntryBytes);
        for (int start = 0; start < ShadowPages.EntryCount; start += Group)
        {
            for (ulong left = FindChanged(state, vcpu, page, header.Role, guest, start); left != 0; left &= left - 1)
            {
                Redo(state, vcpu, page, start + BitOperations.TrailingZeroCount(left), window, ref list);
            }
        }

        return true;
    }

    /// <summary>As <see cref="SyncPage"/>, for one entry.</summary>
    internal static bool SyncEntry(ShadowState state, ShadowVcpu vcpu, PageHandle page, int index, ref ZapList list)
    {
        if (!TryOpen(vcpu, state.Pages[page], out GuestWindow window))
        {
            return false;
        }

        Redo(state, vcpu, page, index, window, ref list);
        return true;
    }

    // Which of 64 entries may differ from what was shadowed of them. Nothing is called in the loop, so that its vectors stay in registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong FindChanged(ShadowState state, ShadowVcpu vcpu, PageHandle page, PageRole role, ReadOnlySpan<byte> guest, int start)
    {
        ReadOnlySpan<uint> translations = state.Pages.TranslationsOf(page);
        ReadOnlySpan<ulong> sptes = state.Pages.Tables[page].Words;
        Vector512<ulong> bad = Vector512.Create(vcpu.Walk.Reserved.Leaf[1]);
#if MMU_FAULT_77
        Vector512<ulong> keys = Vector512.Create(role.IsDirect ? GuestEntry.KeyMask : 0);
#else
        Vector512<ulong> keys = Vector512.Create(role.IsLongMode ? GuestEntry.KeyMask : 0);
#endif
        ulong changed = 0;
        for (int i = 0; i < Group; i += Lanes)
        {
            (Vector256<ulong> low, Vector256<ulong> high) = Vector256.Widen(Vector256.Create(translations.Slice(start + i, Lanes)));
            Vector512<ulong> shadowed = Vector512.Create(low, high);
            Vector512<ulong> entries = TGuest.LoadEight(guest, start + i);
            Vector512<ulong> others = (entries ^ Vector512.Create(sptes.Slice(start + i, Lanes))) & keys;
#if MMU_FAULT_79
            Vector512<ulong> same = Vector512.Equals(TGuest.Expected(entries, bad, role), shadowed & Vector512.Create(0xFUL));
            same &= Vector512.Equals(others, Vector512<ulong>.Zero);
#else
            Vector512<ulong> same = Vector512.Equals(TGuest.Expected(entries, bad, role), shadowed) & Vector512.Equals(others, Vector512<ulong>.Zero);
#endif
            changed |= (~(same | Vector512.Equals(shadowed, Vector512<ulong>.Zero))).ExtractMostSignificantBits() << i;
        }

        return changed;
    }

    private static bool TryOpen(ShadowVcpu vcpu, in ShadowPage header, out GuestWindow window)
    {
        window = default;
        if (!header.Role.ReadsLike(vcpu.RootRole) || !vcpu.View.TryLocate(header.Gfn << 12))
        {
            return false;
        }

        window = vcpu.View.TableWindow;
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Redo(ShadowState state, ShadowVcpu vcpu, PageHandle page, int index, in GuestWindow window, ref ZapList list)
    {
        ref ShadowPage header = ref state.Pages[page];
        ref uint translation = ref state.Pages.Translation(page, index);
        if (translation == 0)
        {
            return;
        }

        ulong entry = TGuest.Load(window, header.Gfn << 12, TGuest.OffsetOf(header.Role, index));
        PtPage table = state.Pages.Tables[page];
        ulong old = table.Load(index);
        ulong reserved = vcpu.Walk.Reserved.Leaf[1];
        if (!GuestEntry.TryReadLeaf<TGuest>(entry, header.Role, reserved, out ulong gfn, out Rights rights, out uint key)
            || gfn != ShadowPages.GfnOf(translation)
            || rights == Rights.None
            || !Spte.IsPresent(old))
        {
            state.Zapper.DropEntry(page, index, ref list);
            return;
        }

        SlotRecord? slot = state.Rmaps.SlotOf(header.Role.AddressSpace, gfn);
        if (slot is null)
        {
            state.Vm.Kill();
            return;
        }

        bool hostWritable = TSpte.IsHostWritable(old);
        bool writable = (rights & Rights.Write) != 0 && hostWritable
#if MMU_FAULT_161
            && (TSpte.IsWritable(old) || state.Guard.AllowWritableInSync(slot, gfn));
#else
            && (TSpte.IsWritable(old) || (!slot.IsLogged && state.Guard.AllowWritableInSync(slot, gfn)));
#endif
        ulong frame = Spte.FrameOf(state.Vm.SpteHost, old) >> 12;
        var intent = new LeafIntent(gfn, frame, rights, key, hostWritable, slot.IsDevice, TSpte.IsAccessed(old));
        ulong spte = LeafMapper<TSpte>.Make(state.Vm, level: 1, intent, writable);
        translation = ShadowPages.Pack(gfn, rights);
        if (spte != old)
        {
            // Fewer rights for anyone are the guest's to flush; our own rules are in what the door says.
            list.NeedsFlush |= (state.Zapper.Store<TSpte>(table, index, spte) & SpteConsequences.Flush) != 0;
        }
    }
}
