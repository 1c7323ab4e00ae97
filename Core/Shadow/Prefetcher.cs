// Shadow: maps the neighbours of a leaf that an access asked for.
using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Shadow;

/// <summary>
/// Fills the entries around a leaf in its aligned window of eight: those that are empty here, and mapped and accessed in the guest's table.
/// Lock held.
/// </summary>
internal static class Prefetcher<TGuest, TSpte>
    where TGuest : struct, IGuestTables
    where TSpte : struct, ISpteFormat
{
    private const int Window = 8;

    /// <summary>
    /// The entries in the window of a level-1 page that are empty, and look mapped and accessed in the guest's table: bit n for entry n of the
    /// window. A first look, and not the one that counts; mostly there is none.
    /// </summary>
    /// <param name="state">The Shadow MMU.</param>
    /// <param name="vcpu">The vCPU, whose view holds the guest's table.</param>
    /// <param name="page">The page.</param>
    /// <param name="index">An entry in the window.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static uint FindNeighbours(ShadowState state, ShadowVcpu vcpu, PageHandle page, int index)
    {
        // Where no processor sets accessed bits, a page that nobody accessed is mapped without rights.
        if (typeof(TSpte) == typeof(EptNoAdSpte))
        {
            return 0;
        }

        ref ShadowPage header = ref state.Pages[page];
        int start = index & ~(Window - 1);
        Vector512<ulong> ours = Vector512.Create(state.Pages.Tables[page].Words.Slice(start, Window));
        uint empty = (uint)Vector512.Equals(ours, Vector512.Create(Spte.Empty)).ExtractMostSignificantBits();
        if (header.Role.IsDirect)
        {
            return empty;
        }

        ulong table = header.Gfn << 12;
        if (!vcpu.View.TableWindow.Holds(table))
        {
            return 0;
        }

        ReadOnlySpan<byte> entries = vcpu.View.TableWindow.Bytes(table + TGuest.OffsetOf(header.Role, start), Window * TGuest.EntryBytes);
#if MMU_FAULT_99
        return empty & (uint)Vector512.Equals(TGuest.LoadEight(entries, 0) & Vector512<ulong>.One, Vector512<ulong>.One).ExtractMostSignificantBits();
#else
        return empty & (uint)TGuest.AreUsable(TGuest.LoadEight(entries, 0)).ExtractMostSignificantBits();
#endif
    }

    /// <summary>Maps neighbours of the entry at <paramref name="index"/> of a level-1 page, which has just become a leaf.</summary>
    /// <param name="state">The Shadow MMU.</param>
    /// <param name="vcpu">The vCPU, whose view holds the guest's table.</param>
    /// <param name="page">The page.</param>
    /// <param name="index">The leaf.</param>
    /// <param name="left">What <see cref="FindNeighbours"/> found.</param>
    /// <param name="slot">The slot of the leaf's frame; neighbours in other slots are left out.</param>
    /// <param name="rights">Of a direct page what its range allows.</param>
    /// <param name="key">Of a direct page its protection key.</param>
    /// <param name="list">Collects what must be flushed.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Map(
        ShadowState state, ShadowVcpu vcpu, PageHandle page, int index, uint left, SlotRecord slot, Rights rights, uint key, ref ZapList list)
    {
        ref ShadowPage header = ref state.Pages[page];
        PtPage table = state.Pages.Tables[page];
        PageRole role = header.Role;
        int start = index & ~(Window - 1);

        // Neighbours are mostly alike: what an entry says besides its frame is made again only if it differs from the last one's.
        ulong shape = 0;
        uint shapedFor = uint.MaxValue;
        ushort filled = 0;
        for (; left != 0; left &= left - 1)
        {
            int at = start + BitOperations.TrailingZeroCount(left);
            ulong gfn = header.Gfn + (uint)at;
#if MMU_FAULT_100
            if (!role.IsDirect && !TryRead(vcpu, header.Gfn << 12, role, at, out gfn, out rights, out key))
#else
            if ((!role.IsDirect && !TryRead(vcpu, header.Gfn << 12, role, at, out gfn, out rights, out key)) || !slot.Holds(gfn) || (state.Vm.HasPrivateMemory && slot.IsPrivate(gfn)))
#endif
            {
                continue;
            }

            // No access asked for it, so no mark would tell of the first write.
            bool writable = (rights & Rights.Write) != 0 && !slot.IsReadOnly
#if !MMU_FAULT_160
                && !slot.IsLogged
#endif
                && (!slot.IsGuarded(gfn) || state.Guard.AllowWritable(slot, gfn, canUnsync: false) != WritableAnswer.Denied);
            uint shapeFor = (uint)rights | (writable ? 1u << 4 : 0) | (key << 5);
            if (shapeFor != shapedFor)
            {
                shapedFor = shapeFor;
                shape = LeafMapper<TSpte>.Make(
                    state.Vm, level: 1, new LeafIntent(gfn, Frame: 0, rights, key, !slot.IsReadOnly, slot.IsDevice, Accessed: false), writable);
            }

            if (!role.IsDirect)
            {
                state.Pages.Translation(page, at) = ShadowPages.Pack(gfn, rights);
            }

            LeafMapper<TSpte>.Enter(state, vcpu, slot, level: 1, gfn, new SpteRef(page, at), ref list);
            SpteDoor.Fill<TSpte>(table, at, shape | ((slot.HostFrameOf(gfn) << 12) & state.Vm.SpteHost.FrameMask));
            filled++;
        }

        header.Entries += filled;
        state.Counters.Pages4K += filled;
        state.Counters.SpteStores += filled;
        state.Counters.Prefetched += filled;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryRead(ShadowVcpu vcpu, ulong table, PageRole role, int at, out ulong gfn, out Rights rights, out uint key)
    {
        ulong entry = TGuest.Load(vcpu.View.TableWindow, table, TGuest.OffsetOf(role, at));
#if MMU_FAULT_99
        entry |= GuestEntry.PresentAccessed;
#endif
        return GuestEntry.TryReadLeaf<TGuest>(entry, role, vcpu.Walk.Reserved.Leaf[1], out gfn, out rights, out key) && rights != Rights.None;
    }
}
