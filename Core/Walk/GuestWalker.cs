// Walk: the walker of one vCPU: control state in, translations out.
using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Walk;

/// <summary>
/// Translates guest addresses for one vCPU as its CPU would: every paging mode, every permission rule, one or two dimensions.
/// </summary>
/// <remarks>
/// <para>Nothing the guest can put into its registers or memory makes a method throw, loop without bound or touch memory outside a slot; no
/// translation allocates.</para>
/// <para>One thread at a time: that of the vCPU. Any number of walkers may share a <see cref="GuestMemory"/>.</para>
/// </remarks>
public sealed unsafe partial class GuestWalker
{
    private GuestMemory _memory;
    private readonly CpuFeatures _features;
    private readonly ulong _reservedInCr3;

    // Each in force and its spare: a new state is prepared in the spares and swapped in once nothing can fail any more, without allocation.
    private WalkContext _context = new();
    private WalkContext _spareContext = new();
    private WalkContext _second = new();
    private WalkContext _spareSecond = new();
    private readonly BatchWalk _batch = new();
    private SlotView _view;

    // CR3 apart from the rest: it changes most, and alone.
    private ControlState _state;
    private ulong _cr3;
    private delegate*<WalkContext, ref SlotView, ulong, uint, ref WalkResult, ulong> _walk;
    private delegate*<WalkContext, ref SlotView, ulong, uint, ref WalkResult, ulong> _peek;

    /// <summary>Creates a walker with paging off.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="features">What the guest's CPU can do.</param>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="CpuFeatures.PhysicalAddressBits"/> is not 32 to 52.</exception>
    public GuestWalker(GuestMemory memory, CpuFeatures features)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(features);
        features.Validate();
        _memory = memory;
        _features = features;
        _view = new SlotView(memory.Table);
        _reservedInCr3 = ControlStateRules.ReservedInCr3(features);
        _ = SetControlState(new ControlState());
        Exchange();
        _ = SetControlState(new ControlState());
    }

    /// <summary>The control state in force.</summary>
    public ControlState ControlState => _state with { Cr3 = _cr3 };

    /// <summary>
    /// Name of the guest's paging mode: <c>Unpaged</c>, <c>Legacy32</c>, <c>Pae</c>, <c>PaeInMemory</c>, <c>Long4</c> or <c>Long5</c>.
    /// </summary>
    public string Mode => _context.Code.Name;

    internal WalkContext Context => _context;

    /// <summary>Puts control state in force, for a guest with one dimension; under PAE paging loads the PDPTE registers.</summary>
    /// <param name="state">The state.</param>
    /// <returns><see cref="ControlStateStatus.Legal"/>, or why it was refused; then nothing has changed.</returns>
    public ControlStateStatus SetControlState(in ControlState state) => Apply(state, second: null, default);

    /// <summary>Puts control state in force, for a guest behind EPT; under PAE paging loads the PDPTE registers through it.</summary>
    /// <param name="state">The guest's state.</param>
    /// <param name="ept">The second dimension.</param>
    /// <returns><see cref="ControlStateStatus.Legal"/>, or why it was refused; then nothing has changed.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="EptControl.PhysicalAddressBits"/> is not 32 to 52.</exception>
    public ControlStateStatus SetControlState(in ControlState state, in EptControl ept)
    {
        ControlStateStatus status = WalkContextBuilder.FillEpt(_spareSecond, ept, _log);
        return status == ControlStateStatus.Legal ? NoteSecond(Apply(state, _spareSecond, default), ept, default) : status;
    }

    /// <summary>Puts control state in force, for a guest behind nested page tables.</summary>
    /// <param name="state">The guest's state.</param>
    /// <param name="npt">The second dimension.</param>
    /// <returns><see cref="ControlStateStatus.Legal"/>, or why it was refused; then nothing has changed.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="NptControl.PhysicalAddressBits"/> is not 32 to 52.</exception>
    public ControlStateStatus SetControlState(in ControlState state, in NptControl npt)
    {
        ControlStateStatus status = WalkContextBuilder.FillNpt(_spareSecond, npt);
        return status == ControlStateStatus.Legal ? NoteSecond(Apply(state, _spareSecond, default), default, npt) : status;
    }

    /// <summary>Sets PKRU and IA32_PKRS; nothing else changes.</summary>
    /// <param name="pkru">PKRU.</param>
    /// <param name="pkrs">IA32_PKRS.</param>
    public void SetProtectionKeys(uint pkru, uint pkrs)
    {
        _state = _state with { Pkru = pkru, Pkrs = pkrs };
        PermissionRules.FillKeys(ref _context.Plans, WalkContextBuilder.Rules(_state));
    }

    /// <summary>
    /// Translates an address for an access as the CPU would, and sets the accessed and dirty bits that the CPU would set.
    /// </summary>
    /// <param name="gva">The linear address, with its tag if it has one.</param>
    /// <param name="access">The access.</param>
    /// <param name="result">Receives the translation or the fault.</param>
    /// <returns>True if the access is allowed.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Translate(Gva gva, Access access, out WalkResult result)
    {
        Unsafe.SkipInit(out result);
        _view.Refresh(_memory.Table);
        ulong address = _walk(_context, ref _view, gva.Value, access.Bits, ref result);
        if (address == WalkLimits.NoAddress)
        {
            return false;
        }

        // Stored once more by the caller's own code, so that a load right after it need not wait for the callee's store.
        result.GpaValue = address;
        return true;
    }

    /// <summary>
    /// As <see cref="Translate"/>, but leaves guest memory untouched: for debuggers. It does not ask whether EPT would let accessed and dirty
    /// bits be set in the guest's tables either.
    /// </summary>
    /// <param name="gva">The linear address, with its tag if it has one.</param>
    /// <param name="access">The access.</param>
    /// <param name="result">Receives the translation or the fault.</param>
    /// <returns>True if the access is allowed.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Peek(Gva gva, Access access, out WalkResult result)
    {
        Unsafe.SkipInit(out result);
        _view.Refresh(_memory.Table);
        ulong address = _peek(_context, ref _view, gva.Value, access.Bits, ref result);
        if (address == WalkLimits.NoAddress)
        {
            return false;
        }

        // Stored once more by the caller's own code, so that a load right after it need not wait for the callee's store.
        result.GpaValue = address;
        return true;
    }

    /// <summary>
    /// Translates many addresses for the same access, as as many calls of <see cref="Translate"/> would, with several walks in flight.
    /// </summary>
    /// <param name="gvas">The linear addresses.</param>
    /// <param name="access">The access.</param>
    /// <param name="results">Receives one result an address.</param>
    /// <returns>How many were translated.</returns>
    /// <exception cref="ArgumentException"><paramref name="results"/> is shorter than <paramref name="gvas"/>, or overlaps it.</exception>
    public int TranslateMany(ReadOnlySpan<Gva> gvas, Access access, Span<WalkResult> results)
    {
        if (results.Length < gvas.Length)
        {
            throw new ArgumentException($"There is room for {results.Length} results, but there are {gvas.Length} addresses.", nameof(results));
        }

        if (MemoryMarshal.AsBytes(results).Overlaps(MemoryMarshal.AsBytes(gvas)))
        {
            throw new ArgumentException("The results would overwrite addresses that are still to be translated.", nameof(results));
        }

        int translated = 0;
        int i = 0;
        if (BatchWalk.CanWalk(_context))
        {
            _view.Refresh(_memory.Table);
            for (int lanes; (lanes = Math.Min(BatchWalk.Lanes, (gvas.Length - i) & ~(GuestWindow.LaneStep - 1))) != 0; i += lanes)
            {
                ReadOnlySpan<ulong> group = MemoryMarshal.Cast<Gva, ulong>(gvas.Slice(i, lanes));
                translated += _batch.Walk(_context, ref _view, group, access.Bits, results.Slice(i, lanes));
            }
        }

        for (; i < gvas.Length; i++)
        {
            translated += Translate(gvas[i], access, out results[i]) ? 1 : 0;
        }

        return translated;
    }

    /// <summary>Translates an address without a trace in guest memory, and tells each entry that was read. Allocates.</summary>
    /// <param name="gva">The linear address, with its tag if it has one.</param>
    /// <param name="access">The access.</param>
    /// <returns>The entries and the outcome.</returns>
    public WalkExplanation Explain(Gva gva, Access access)
    {
        List<WalkStep> steps = [];
        TraceReader reader = new(steps, new SlotView(_memory.Table), _context.Second, isSecond: false);
        WalkResult result = default;
        _ = _context.Masking.ConcernsCanonical(_context.Code.Levels)
            ? MaskFirst.Trace(_context, ref reader, gva.Value, access.Bits, ref result)
            : _context.Code.Trace(_context, ref reader, gva.Value, access.Bits, ref result);
        return new WalkExplanation(steps, result);
    }

    private ControlStateStatus Apply(in ControlState state, WalkContext? second, ReadOnlySpan<ulong> pdptes)
    {
        ControlStateStatus status = ControlStateRules.Check(state, _features);
        if (status != ControlStateStatus.Legal)
        {
            return status;
        }

        WalkContext context = _spareContext;
        WalkContextBuilder.FillGuest(context, state, _features, second);
        if (context.Code.RootInRegisters)
        {
            status = pdptes.IsEmpty ? LoadPdptes(context, context.Root, ref context.Pdptes) : TakePdptes(pdptes, ref context.Pdptes);
            if (status != ControlStateStatus.Legal)
            {
                return status;
            }
        }

        (_context, _spareContext) = (context, _context);
        if (second == _spareSecond)
        {
            (_second, _spareSecond) = (second, _second);
        }

        _state = state;
        _cr3 = state.Cr3;
        if (context.Masking.ConcernsCanonical(context.Code.Levels))
        {
            _walk = second is null ? &MaskFirst.Walk : &MaskFirst.WalkNested;
            _peek = second is null ? &MaskFirst.Peek : &MaskFirst.PeekNested;
        }
        else
        {
            _walk = second is null ? context.Code.Walk : context.Code.WalkNested;
            _peek = second is null ? context.Code.Peek : context.Code.PeekNested;
        }

        return ControlStateStatus.Legal;
    }

    /// <summary>Loads the PDPTE registers. Intel SDM "PDPTE Registers".</summary>
    private ControlStateStatus LoadPdptes(WalkContext context, ulong address, ref PdpteRegisters pdptes)
    {
        _view.Refresh(_memory.Table);
        if (context.Second is { } second)
        {
            Unsafe.SkipInit(out WalkResult result);
            if (!SecondDimension.TryTranslate<MarkUsed>(second, ref _view, address, SecondDimension.PdpteLoad, ref result))
            {
                return ControlStateStatus.PdptesUnreachable;
            }

            address = result.GpaValue;
        }

        PdpteRegisters entries = default;
        for (int i = 0; i < 4; i++)
        {
            if (!EntryAccess.TryLoad(ref _view, address + (ulong)(8 * i), 8, out ulong entry))
            {
                return ControlStateStatus.PdptesUnreachable;
            }

            entries[i] = entry;
        }

        return TakePdptes(entries, ref pdptes);
    }

    private ControlStateStatus TakePdptes(ReadOnlySpan<ulong> entries, ref PdpteRegisters pdptes)
    {
#if MMU_FAULT_13
        const ulong Reserved = 0x1E0;
#else
        const ulong Reserved = 0x1E6;
#endif
        ulong reserved = Reserved | (ulong.MaxValue << _features.PhysicalAddressBits);
        foreach (ulong entry in entries)
        {
            if ((entry & 1) != 0 && (entry & reserved) != 0)
            {
                return ControlStateStatus.PdpteReserved;
            }
        }

        entries.CopyTo(pdptes);
        return ControlStateStatus.Legal;
    }
}
