// Shadow: builds the path from the root to the leaf for an access that the guest's tables allow.
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;
using Mmu.Walk;

namespace Mmu.Shadow;

/// <summary>
/// One fault: goes down the shadow tables beside the guest's, making what is missing, down to the leaf and its neighbours. Lock held.
/// </summary>
/// <remarks>
/// The guest's entries are read again here, each after the page that shadows its table was protected, and each only once: what is built is
/// what was read. If that is no longer what the walk found, the access is tried again.
/// </remarks>
internal ref partial struct FaultMapper<TGuest, TSpte>
    where TGuest : struct, IGuestTables
    where TSpte : struct, ISpteFormat
{
    private readonly ShadowState _state;
    private readonly ShadowVcpu _vcpu;
    private readonly WalkContext _context;
    private readonly ref readonly FrameSource _source;
    private readonly Access _access;
    private readonly ulong _gva;
    private readonly bool _keyRefuses;

    // The page whose entry is looked at, and how many pages down to 4 KiB an entry of it maps.
    private PageHandle _page;
    private int _level;
    private ulong _targetGfn;
    private bool _hitsOwnTables;

    internal FaultMapper(ShadowState state, ShadowVcpu vcpu, in FaultRequest request, in FrameSource source)
    {
        _state = state;
        _vcpu = vcpu;
        _source = ref source;
        _context = vcpu.Walk;
        _access = request.Access;
        _gva = _context.Masking.Untag(request.Address.Value, request.Access.Bits);

        // CR0.WP=0 frees the supervisor's writes from keys, our processor has WP=1: what the tables allow, the key may refuse for ever.
        _keyRefuses = (request.ErrorCode & PageFaultCode.ProtectionKey) != 0 && !vcpu.Vcpu.Role.WriteProtect;
    }

    private readonly bool IsWrite => _access.Kind == AccessKind.Write;

    private readonly int IndexAt(int level) => PageLevel.IndexOf(_gva, level);

    /// <summary>Maps the access.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal FaultOutcome Map(ref FaultResult result, ref ZapList list)
    {
        ref readonly WalkResult walk = ref result.Walk;
        _targetGfn = walk.GpaValue >> 12;
        SlotRecord? slot = _state.Vm.Slots[_vcpu.Vcpu.AddressSpace].Find(_targetGfn);
        FaultOutcome refused = Refuse(slot);
        if (refused != FaultOutcome.None)
        {
            return refused;
        }

        RootEntry root = _vcpu.Roots[0];
        _page = root.Tables[root.IsPae ? (int)(_gva >> 30) & 3 : 0];
        if (_page.IsNone)
        {
            // The table was found since the root was built: the next entry builds it anew.
            _vcpu.Vcpu.WantsObsoleteRootsFreed = true;
            return FaultOutcome.Retry;
        }

        // As for the tables below it in TryFindChild.
        _state.Pages[_page].WriteFlood = 0;
        _level = _state.Pages[_page].Role.Level;
        Rights rights = _state.Pages[_page].Role.Access;
        uint key = 0;
#if MMU_FAULT_74
        rights = walk.Rights;
#endif
        if (_state.Pages[_page].Role.IsPassthrough && !TryPass(ref list))
        {
            return FaultOutcome.Retry;
        }

        if (!_state.Pages[_page].Role.IsDirect)
        {
            _hitsOwnTables = IsWrite && _state.Pages[_page].Gfn == _targetGfn;
            if (!TryDescend(walk.Level, ref rights, ref list) || !TryReadLeaf(walk, ref rights, out key))
            {
                return FaultOutcome.Retry;
            }
        }

        result.HitsOwnTables = _hitsOwnTables;
        if (slot is null)
        {
            return MapMmio(rights, ref list);
        }

        if (IsWrite && (rights & Rights.Write) == 0 && !TryWriteAsSupervisor(ref rights))
        {
            // What the walk allowed is gone, or, by CR0.WP, cannot be mapped.
            return _vcpu.Vcpu.RunsNested ? FaultOutcome.Retry : FaultOutcome.Emulate;
        }

        return MapPage(slot, walk.Level, rights, key, ref list);
    }

    // Why nothing is to be mapped, whatever the tables say.
    private readonly FaultOutcome Refuse(SlotRecord? slot)
    {
        if (slot is null)
        {
            return _targetGfn >= ShadowPages.GfnLimit ? FaultOutcome.Mmio : FaultOutcome.None;
        }

        if (slot.IsReadOnly && IsWrite && !slot.IsLeaving)
        {
            return FaultOutcome.Mmio;
        }

        if (slot.IsLeaving || slot.IsResolved != _source.IsResolved)
        {
            return FaultOutcome.Retry;
        }

        // Neither private memory nor memory for fetches alone is for tables that know nothing of it.
#if MMU_FAULT_228
        return slot.IsExecuteOnly ? FaultOutcome.MemoryFault : FaultOutcome.None;
#else
        return slot.IsExecuteOnly || (_state.Vm.HasPrivateMemory && slot.IsPrivate(_targetGfn)) ? FaultOutcome.MemoryFault : FaultOutcome.None;
#endif
    }

    // Down the tables to the one whose entry maps the page in the guest, making and linking what is missing. All that a level needs of the one
    // above is kept in locals: what goes through memory would be waited for at each level.
    private bool TryDescend(int leafLevel, ref Rights rights, ref ZapList list)
    {
        ShadowPages pages = _state.Pages;
        WalkContext context = _context;
        ulong large = context.LargeMask;
        ulong ownTable = IsWrite ? _targetGfn : ulong.MaxValue;
        PageHandle page = _page;
        int level = _level;
        Rights allowed = rights;
        PageRole role = pages[page].Role;
        ulong table = pages[page].Gfn << 12;
        while (level > leafLevel)
        {
            int index = IndexAt(level);
            if (!TryRead(table, role, level, index, out ulong entry)
                || (entry & (context.Reserved.Table[level] | (level <= 3 ? large : 0))) != 0
                || TGuest.HasBadRights(entry, role.ExecuteOnly))
            {
                return false;
            }

            allowed &= TGuest.RightsOf(level, entry);
            table = TGuest.TableOf(entry);
            role = TGuest.ChildOf(role, allowed, index);
            _hitsOwnTables |= table >> 12 == ownTable;
            if (!TryFindChild(page, level, index, table >> 12, role, out PageHandle child)
                && !TryLink(page, index, table >> 12, role, ref list, out child))
            {
                return false;
            }

            page = child;
            level--;
        }

        rights = allowed;
        _page = page;
        _level = level;
        return true;
    }

    // An entry that changed since the walk, and is not accessed, would be used without a trace; a read-only table keeps no traces.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool TryRead(ulong table, PageRole role, int level, int index, out ulong entry)
    {
        if (!_vcpu.View.TableWindow.Holds(table) && !_vcpu.View.TryLocate(table))
        {
            entry = 0;
            return false;
        }

        entry = TGuest.Load(_vcpu.View.TableWindow, table, TGuest.OffsetOf(role, index));
        return TGuest.IsUsable(level, entry) || (TGuest.IsPresent(entry) && _vcpu.View.TableWindow.IsReadOnly);
    }

    private readonly bool TryReadLeaf(in WalkResult walk, ref Rights rights, out uint key)
    {
        key = 0;
        ref ShadowPage header = ref _state.Pages[_page];
        if (!TryRead(header.Gfn << 12, header.Role, _level, IndexAt(_level), out ulong entry) || ((entry ^ walk.EntryValueBits) & ~TGuest.AccessedDirty) != 0)
        {
            return false;
        }

        rights &= TGuest.RightsOf(_level, entry);
        if (((rights ^ walk.Rights) & TGuest.Relevant) != 0)
        {
            return false;
        }

        // The first write to a page that is clean in the guest's table must fault, so that its dirty bit is set.
#if MMU_FAULT_94
        if (!IsWrite && (entry & GuestEntry.PresentAccessed) == 0)
#else
        if (!IsWrite && !TGuest.IsDirty(entry))
#endif
        {
            rights &= ~Rights.Write;
        }

        key = TGuest.KeyOf(entry);

        // Nor may a write go through whose dirty bit the guest took back after the walk had set it; a read-only table keeps none.
        return !IsWrite || TGuest.IsDirty(entry) || _vcpu.View.TableWindow.IsReadOnly;
    }

    /// <summary>
    /// CR0.WP=0 lets the supervisor write to a read-only page, our processor has WP=1: the page is mapped as a writable one of the supervisor
    /// until the user comes. Where SMAP or protection keys look at the user bit, nothing can be mapped.
    /// </summary>
    private readonly bool TryWriteAsSupervisor(ref Rights rights)
    {
        CpuRole role = _vcpu.Vcpu.Role;
        if (_vcpu.Vcpu.RunsNested)
        {
            return false;
        }

        if ((rights & Rights.User) != 0 && (role.Smap || role.ProtectionKeys))
        {
            return false;
        }

        // The user's page must not become executable for a supervisor that SMEP keeps from it.
#if MMU_FAULT_92
        if (role.Smep && (rights & Rights.User) != 0 && role.Smap)
#else
        if (role.Smep && (rights & Rights.User) != 0)
#endif
        {
            rights &= ~Rights.Execute;
        }

#if MMU_FAULT_93
        rights |= Rights.Write;
#else
        rights = (rights & ~Rights.User) | Rights.Write;
#endif
        return true;
    }

    private FaultOutcome MapMmio(Rights rights, ref ZapList list)
    {
        if (!TryDescendDirect(1, rights, ref list))
        {
            return FaultOutcome.Retry;
        }

        LeafMapper<TSpte>.SetMmio(_state, _page, IndexAt(_level), _targetGfn, rights, ref list);
        return FaultOutcome.Mmio;
    }

    private FaultOutcome MapPage(SlotRecord slot, int guestLevel, Rights rights, uint key, ref ZapList list)
    {
        const int unpagedLevel = 2;
        int wanted = guestLevel == 0 ? unpagedLevel : guestLevel;

        // A logged page is as small as its mark.
#if MMU_FAULT_159
        int level = _source.IsResolved || wanted == 1 ? 1 : slot.Huge.HighestAllowed(_targetGfn, wanted);
#else
        int level = _source.IsResolved || wanted == 1 || slot.IsLogged ? 1 : slot.Huge.HighestAllowed(_targetGfn, wanted);
#endif
        level = AsHostAllows(level, ref rights);
        if (!TryDescendDirect(level, rights, ref list))
        {
            return FaultOutcome.Retry;
        }

        bool hostWritable = !slot.IsReadOnly && (!_source.IsResolved || _source.Ticket.Writable);
        ulong gfn = _targetGfn & ~(PageLevel.FramesOf(level) - 1);
        ulong frame = _source.IsResolved ? _source.Ticket.Frame : slot.HostFrameOf(gfn);
        _state.Vm.Trace?.Write(TracePoint.SpteRequested, gfn, frame, (ulong)level);
        var intent = new LeafIntent(gfn, frame, rights, key, hostWritable, slot.IsDevice, Accessed: true, IsWrite);
        LeafResult leaf = LeafMapper<TSpte>.Set(_state, _vcpu, _page, IndexAt(_level), slot, intent, ref list);
        if (level == 1 && !_source.IsResolved && leaf != LeafResult.Same)
        {
            uint neighbours = Prefetcher<TGuest, TSpte>.FindNeighbours(_state, _vcpu, _page, IndexAt(1));
            if (neighbours != 0)
            {
                Prefetcher<TGuest, TSpte>.Map(_state, _vcpu, _page, IndexAt(1), neighbours, slot, rights, key, ref list);
            }
        }

        return leaf switch
        {
            LeafResult.WriteProtected when IsWrite => FaultOutcome.WriteProtected,
            LeafResult.Same => _keyRefuses ? FaultOutcome.Emulate : FaultOutcome.Spurious,
            _ => FaultOutcome.Fixed,
        };
    }

    // Below the guest's leaf: tables of ours that only split a huge page.
    private bool TryDescendDirect(int level, Rights rights, ref ZapList list)
    {
        while (_level > level)
        {
            int index = IndexAt(_level);
            PageRole role = _state.Pages[_page].Role.Child(rights, direct: true, index);
            ulong gfn = _targetGfn & ~(PageLevel.FramesOf(_level) - 1);
            if (!TryFindChild(_page, _level, index, gfn, role, out PageHandle child) && !TryLink(_page, index, gfn, role, ref list, out child))
            {
                return false;
            }

            _page = child;
            _level--;
        }

        return true;
    }

    // The child of an entry, which must be the one for exactly this frame and role (bugs 1 and 2).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool TryFindChild(PageHandle page, int level, int index, ulong gfn, PageRole role, out PageHandle child)
    {
        ShadowPages pages = _state.Pages;
        ulong spte = pages.Tables[page].Load(index);
        child = default;
        if (!Spte.IsPresent(spte)
            || Spte.IsLeaf(spte, level)
            || !pages.Tables.TryPageOf(Spte.FrameOf(_state.Vm.SpteHost, spte) >> 12, out child)
            || !IsRightChild(pages[child], gfn, role))
        {
            return false;
        }

        // It is used as a table: stores to it were no flood.
        if (pages[child].WriteFlood != 0)
        {
            pages[child].WriteFlood = 0;
        }

        return true;
    }

    private static bool IsRightChild(in ShadowPage child, ulong gfn, PageRole role) =>
#if MMU_FAULT_70
        child.Gfn == gfn && role.Level == child.Role.Level;
#elif MMU_FAULT_71
        child.Role == role && gfn != ulong.MaxValue;
#else
        child.Gfn == gfn && child.Role == role;
#endif

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly bool TryLink(PageHandle page, int index, ulong gfn, PageRole role, ref ZapList list, out PageHandle child)
    {
        _state.Zapper.DropEntry(page, index, ref list);
        child = _state.Finder.FindOrMake(_vcpu, gfn, role, ref list);
        if (child.IsNone || _state.Pages[page].IsInvalid)
        {
            return false;
        }

        ulong frame = _state.Pages.Tables.FrameOf(child).Value << 12;
        _state.Zapper.Link(page, index, child, TSpte.MakeNonLeaf(_state.Vm.SpteHost, frame), ref _vcpu.Chunks, ref list);
        return true;
    }
}
