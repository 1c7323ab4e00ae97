// Walk: two guests on one vCPU: the state that is not in force is kept prepared, and a switch exchanges the two.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Walk;

public sealed unsafe partial class GuestWalker
{
    private readonly ModificationLog _log = new();
    private PreparedGuest _other = new() { Context = new WalkContext() };

    // What the second dimension was prepared from. At most one is in force; the other is default.
    private EptControl _ept = new();
    private NptControl _npt;

    /// <summary>The log that L1 has the processor keep; in force if <see cref="EptControl.LogAddress"/> says so.</summary>
    internal ModificationLog Log => _log;

    /// <summary>Puts the state in force that was when this was called last, and keeps the present one.</summary>
    internal void Exchange()
    {
        PreparedGuest other = _other;
        _other = new PreparedGuest { Context = _context, State = _state, Cr3 = _cr3, Walk = _walk, Peek = _peek };
        _context = other.Context;
        _state = other.State;
        _cr3 = other.Cr3;
        _walk = other.Walk;
        _peek = other.Peek;
    }

    /// <summary>
    /// Puts a nested guest's state in force whose predecessor <see cref="Exchange"/> has brought back: what did not change is not prepared anew.
    /// </summary>
    /// <param name="state">The state.</param>
    /// <param name="ept">The second dimension.</param>
    /// <param name="pdptes">The PDPTE registers; empty to load them.</param>
    internal ControlStateStatus Resume(in ControlState state, in EptControl ept, ReadOnlySpan<ulong> pdptes)
    {
        if (_context.Second is not { Style: FaultStyle.Ept } second || !IsAlikeButRoot(ept))
        {
            ControlStateStatus status = WalkContextBuilder.FillEpt(_spareSecond, ept, _log);
            return status == ControlStateStatus.Legal ? NoteSecond(Apply(state, _spareSecond, pdptes), ept, default) : status;
        }

        second.Root = ept.EptPointer & EptControl.PointerMask;
        return NoteSecond(ResumeOwn(state, pdptes), ept, default);
    }

    /// <summary>As above, behind nested page tables.</summary>
    internal ControlStateStatus Resume(in ControlState state, in NptControl npt)
    {
        if (_context.Second is not { Style: FaultStyle.Npt } || npt != _npt)
        {
            ControlStateStatus status = WalkContextBuilder.FillNpt(_spareSecond, npt);
            return status == ControlStateStatus.Legal ? NoteSecond(Apply(state, _spareSecond, default), default, npt) : status;
        }

        return ResumeOwn(state, default);
    }

    /// <summary>As above, for a nested guest without a second dimension.</summary>
    internal ControlStateStatus Resume(in ControlState state) =>
        _context.Second is null ? ResumeOwn(state, default) : Apply(state, second: null, default);

    /// <summary>The EPT that a nested guest runs behind or, if none does, ran behind last.</summary>
    internal ref readonly EptControl Ept => ref _ept;

    /// <summary>Another EPT for the nested guest in force; its own state, PDPTE registers included, stays.</summary>
    internal ControlStateStatus SwitchEpt(in EptControl ept)
    {
        if (IsAlikeButRoot(ept))
        {
            _context.Second!.Root = ept.EptPointer & EptControl.PointerMask;
            _ept = ept;
            return ControlStateStatus.Legal;
        }

        ControlStateStatus status = WalkContextBuilder.FillEpt(_spareSecond, ept, _log);
        PdpteRegisters pdptes = _context.Pdptes;
        return status == ControlStateStatus.Legal ? NoteSecond(Apply(ControlState, _spareSecond, pdptes), ept, default) : status;
    }

    /// <summary>Puts control state in force and leaves the second dimension, if there is one, as it is.</summary>
    internal ControlStateStatus SetOwnState(in ControlState state) => Apply(state, _context.Second, default);

    /// <summary>Translates an address of the second dimension and sets its accessed and dirty bits.</summary>
    /// <param name="address">The nested guest's physical address.</param>
    /// <param name="access">As the second dimension sees it.</param>
    /// <param name="result">The translation or the fault.</param>
    internal bool TranslateSecond(Ngpa address, uint access, out WalkResult result)
    {
        result = default;
        _view.Refresh(_memory.Table);
        return SecondDimension.TryTranslate<MarkUsed>(_context.Second!, ref _view, address.Value, access, ref result);
    }

    // Only the root differs, and it is legal.
    private bool IsAlikeButRoot(in EptControl ept) =>
        ept with { EptPointer = _ept.EptPointer } == _ept
        && ((ept.EptPointer ^ _ept.EptPointer) & ~EptControl.PointerMask) == 0
        && (ept.EptPointer & (ulong.MaxValue << ept.PhysicalAddressBits)) == 0;

    private ControlStateStatus ResumeOwn(in ControlState state, ReadOnlySpan<ulong> pdptes) =>
        state with { Cr3 = _state.Cr3 } == _state && !_context.Code.RootInRegisters
            ? (state.Cr3 == _cr3 ? ControlStateStatus.Legal : LoadCr3(state.Cr3))
            : Apply(state, _context.Second, pdptes);

    private ControlStateStatus NoteSecond(ControlStateStatus status, in EptControl ept, in NptControl npt)
    {
        if (status == ControlStateStatus.Legal)
        {
            (_ept, _npt) = (ept, npt);
            _log.Address = ept.LogAddress ?? 0;
        }

        return status;
    }

    // A guest's state as it is put in force.
    private struct PreparedGuest
    {
        internal WalkContext Context;
        internal ControlState State;
        internal ulong Cr3;
        internal delegate*<WalkContext, ref SlotView, ulong, uint, ref WalkResult, ulong> Walk;
        internal delegate*<WalkContext, ref SlotView, ulong, uint, ref WalkResult, ulong> Peek;
    }
}
