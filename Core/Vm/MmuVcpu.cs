// Vm: the façade of one vCPU: entering the guest and answering its faults.
using System;
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Walk;

namespace Mmu.Vm;

/// <summary>
/// A virtual CPU's MMU: its control state, the root that a processor runs it on, its faults. See docs/embedding.md.
/// </summary>
/// <remarks>
/// One thread at a time. Between <see cref="BeginRun"/> and <see cref="EndRun"/> the vCPU is in guest, and only <see cref="Poll"/>,
/// <see cref="EndRun"/> and <see cref="Walker"/> may be used; others throw. Nothing that a guest does makes a method throw, and nothing
/// allocates.
/// </remarks>
public sealed partial class MmuVcpu : IDisposable
{
    private readonly MmuVm _vm;
    private readonly VmCore _core;
    private readonly RunGate _gate;
    private readonly Vcpu _vcpu;

    // The engine of the guest itself; that of its guests may be another.
    private readonly bool _onTdp;
    private bool _disposed;
#if MMU_ASSERT
    private int _guestThread;
#endif

    internal MmuVcpu(MmuVm vm, Vcpu vcpu)
    {
        _vm = vm;
        _core = vm.Core;
        _gate = _core.Gate;
        _vcpu = vcpu;
        _vcpu.Role = CpuRole.From(vcpu.Walker.ControlState, systemManagement: false);
        _vcpu.Pending = VcpuRequests.LoadRoot | VcpuRequests.Flush;
        _onTdp = vcpu.RunsOnTdp;
    }

    /// <summary>The vCPU's number, by which <see cref="IMmuHost"/> is told of it; the lowest that was free when it was created.</summary>
    public int Id => _vcpu.Id;

    /// <summary>
    /// The walker of the guest's own tables, for instruction emulation and debuggers. Set control state through the vCPU only. What it finds,
    /// host addresses above all, is good while the vCPU is in guest or no slot is being removed.
    /// </summary>
    public GuestWalker Walker => _vcpu.Walker;

    /// <summary>
    /// The vCPU's software TLB, for clients without a page walker; made when it is first asked for, outside the guest. From then on whoever changes
    /// slots waits until the vCPU polls or leaves, whatever <see cref="IMmuHost.Flush"/> answers. See docs/soft-tlb.md.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is to be made, but the vCPU is in guest or the private arena has no room
    /// (<see cref="MmuVmOptions.PrivateBytes"/>).</exception>
    public SoftTlb SoftTlb => _vcpu.SoftTlb ?? CreateSoftTlb();

    /// <summary>True in system-management mode.</summary>
    public bool InSystemManagement => _vcpu.Role.SystemManagement;

    internal Vcpu Inner => _vcpu;

    /// <summary>
    /// Enters the guest: does what is pending (lets go of obsolete roots, syncs, loads the root, flushes through <see cref="IMmuHost.Flush"/>),
    /// then counts as in guest, so that whoever changes tables waits for this vCPU to drop its old translations.
    /// </summary>
    /// <param name="state">What the processor must be loaded with; nothing unless the root is loaded.</param>
    /// <returns>Whether the vCPU is in guest now (<see cref="RootStatus.Loaded"/>), or why it is not.</returns>
    /// <exception cref="InvalidOperationException">It is in guest already, or <see cref="IMmuHost.Flush"/> refused to flush it.</exception>
    public RootStatus BeginRun(out RunState state)
    {
        RefuseInGuest();
#if !MMU_FAULT_168
        if (_vcpu.DirtyRing is { IsSoftFull: true })
        {
            state = default;
            return RootStatus.DirtyRingFull;
        }

#endif
        if (_vcpu.Pending == VcpuRequests.None && !_core.IsDead && _gate.TryEnter(_vcpu.Id))
        {
            state = Inside();
            return RootStatus.Loaded;
        }

        return BeginRunSlowly(out state);
    }

    /// <summary>Leaves the guest. Translations and host addresses taken since <see cref="BeginRun"/> may be kept in a TLB that
    /// <see cref="IMmuHost.Flush"/> empties, but used only in guest.</summary>
    /// <exception cref="InvalidOperationException">The vCPU is not in guest.</exception>
    public void EndRun()
    {
        RefuseOutside();
        if (_vcpu.SoftTlb is { } tlb)
        {
            tlb.IsOpen = false;
        }

        _gate.Leave(_vcpu.Id);
    }

    /// <summary>
    /// For vCPUs run in software: does what others ask for without leaving. To be called often, between two guest instructions; a load if
    /// there is nothing to do.
    /// </summary>
    /// <returns>False if the vCPU has to leave and enter anew, because its root is obsolete.</returns>
    /// <exception cref="InvalidOperationException">The vCPU is not in guest.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Poll()
    {
        RefuseOutside();
        return _gate.Peek(_vcpu.Id) == VcpuRequests.None || PollSlowly();
    }

    /// <summary>Answers a fault that a processor raised on our tables. The vCPU is not in guest.</summary>
    /// <param name="request">The fault.</param>
    /// <param name="result">Details of the outcome.</param>
    /// <returns>What to do.</returns>
    /// <exception cref="InvalidOperationException">The vCPU is in guest, or an answer of <see cref="IMmuHost.Resolve"/> breaks its
    /// rules.</exception>
    public FaultOutcome HandleFault(in FaultRequest request, out FaultResult result)
    {
        BeginCall();
        try
        {
            result = default;
            _core.Trace?.Write(TracePoint.PageFault, request.Address.Value, (ulong)request.ErrorCode, vcpu: Id);
            if (_core.IsDead)
            {
                return FaultOutcome.VmDead;
            }

            // The fault is one of a root that is no more in force.
            return (_vcpu.Pending & VcpuRequests.LoadRoot) != 0
                ? FaultOutcome.Retry
                : _vm.EngineSet.HandleFault(_vcpu, request, ref result);
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>Reads the entries of our tables that a processor meets for an address, root first. The vCPU is not in guest.</summary>
    /// <param name="address">The linear address.</param>
    /// <param name="entries">Receives the entries; room for 5.</param>
    /// <returns>How many there are.</returns>
    /// <exception cref="ArgumentException">There is room for fewer than 5.</exception>
    /// <exception cref="InvalidOperationException">The vCPU is in guest, or runs on nested tables.</exception>
    public int GetWalk(Gva address, Span<ulong> entries) => IsNested
        ? throw new InvalidOperationException($"vCPU {Id} runs on nested tables, which translate guest physical addresses.")
        : WalkOf(address.Value, entries);

    private int WalkOf(ulong address, Span<ulong> entries)
    {
        if (entries.Length < 5)
        {
            throw new ArgumentException($"There is room for {entries.Length} entries; a walk has up to 5.", nameof(entries));
        }

        BeginCall();
        try
        {
            return (_vcpu.Pending & VcpuRequests.LoadRoot) != 0 ? 0 : _vm.EngineSet.GetWalk(_vcpu, new Gva(address), entries);
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>Destroys the vCPU, which is not in guest. Its number becomes free.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        RefuseInGuest();
        _disposed = true;
        _vm.Remove(_vcpu);
    }

    private RootStatus BeginRunSlowly(out RunState state)
    {
        state = default;
        do
        {
            BeginCall();
            try
            {
                RootStatus status = _core.IsDead ? RootStatus.VmDead : _vm.EngineSet.DoPending(_core, _vcpu);
                if (status != RootStatus.Loaded)
                {
                    return status;
                }
            }
            finally
            {
                EndCall();
            }
        }
        while (_vcpu.Pending != VcpuRequests.None || !_gate.TryEnter(_vcpu.Id));

        state = Inside();
        return RootStatus.Loaded;
    }

    private RunState Inside()
    {
#if MMU_ASSERT
        _guestThread = Environment.CurrentManagedThreadId;
#endif
        if (_vcpu.SoftTlb is { } tlb)
        {
            tlb.IsOpen = true;
        }

        if (_vcpu.RunsNested)
        {
            return new RunState(_vcpu.RootAddress, _vcpu.NestedRole.Level, RootKind.Nested);
        }

        if (_vcpu.RunsOnTdp)
        {
            return new RunState(_vcpu.RootAddress, _vm.TdpOptions!.Levels, RootKind.Nested);
        }

        GuestMode mode = _vcpu.Role.Mode;
        return new RunState(_vcpu.RootAddress, mode == GuestMode.Long5 ? 5 : mode == GuestMode.Long4 ? 4 : 3, RootKind.Linear);
    }

    private SoftTlb CreateSoftTlb()
    {
        BeginCall();
        try
        {
            SoftTlb tlb = new(_core.Private, Walker, _core.Slots[_vcpu.AddressSpace]) { Ring = _vcpu.DirtyRing };
            using MmuWriteGuard held = _core.Lock.Enter();
            _core.Gate.SetHoldsPointers(_vcpu.Id, holds: true);
            _vcpu.SoftTlb = tlb;
            return tlb;
        }
        finally
        {
            EndCall();
        }
    }

    private bool PollSlowly()
    {
        if (_gate.Take(_vcpu.Id, VcpuRequests.Flush) != VcpuRequests.None)
        {
            MmuVm.Flush(_core, _vcpu);
            _gate.Acknowledge(_vcpu.Id);
        }

        return _gate.Peek(_vcpu.Id) == VcpuRequests.None;
    }
}
