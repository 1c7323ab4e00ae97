// Vmm.Run: a processor that runs on the tables of the Shadow MMU: the part of a monitor that every guest needs.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Vm;
using Mmu.Vmm.Images;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Vmm.Run;

/// <summary>The library's VM with one vCPU, and the processor that walks its tables.</summary>
internal sealed class ShadowMachine : IMmuHost, IDisposable
{
    private static readonly int _outcomes = Enum.GetValues<FaultOutcome>().Length;

    private readonly HostMemory _memory;
    private readonly IProcessor _processor;
    private readonly FlushMethod _method;
    private ulong _root;
    private bool _mustFlush;
    private bool _mustReload;

    internal ShadowMachine(HostMemory memory, IProcessor processor, Window window, FlushMethod method)
    {
        _memory = memory;
        _processor = processor;
        Window = window;
        _method = method;
        Vm = MachineVm.Create(memory, processor, this);
        Vcpu = Vm.CreateVcpu();
    }

    /// <summary>Gets the VM.</summary>
    internal MmuVm Vm { get; }

    /// <summary>Gets the vCPU.</summary>
    internal MmuVcpu Vcpu { get; }

    /// <summary>Gets the window.</summary>
    internal Window Window { get; }

    /// <summary>Gets or sets who records the run; null for nobody.</summary>
    internal RunRecorder? Recorder { get; set; }

    /// <summary>Gets the count of faults by outcome.</summary>
    internal long[] Outcomes { get; } = new long[_outcomes];

    /// <summary>Gets the flushes that the processor was asked for.</summary>
    internal long Flushes { get; private set; }

    /// <summary>Gets the roots that the processor was given.</summary>
    internal long RootLoads { get; private set; }

    /// <summary>Gets the time inside <see cref="MmuVcpu.HandleFault"/>, in ticks of the stopwatch.</summary>
    internal long FaultTicks { get; private set; }

    /// <summary>Gets the longest fault.</summary>
    internal long LongestFaultTicks { get; private set; }

    /// <summary>Gets the faults handled.</summary>
    internal long Faults { get; private set; }

    /// <inheritdoc/>
    public bool Flush(ReadOnlySpan<int> vcpus, FlushRange range)
    {
        _mustFlush = true;
        return true;
    }

    /// <inheritdoc/>
    public void Kick(ReadOnlySpan<int> vcpus)
    {
    }

    /// <summary>Starts the processor on the vCPU's tables.</summary>
    /// <param name="state">Where the guest starts; its CR3 is the guest's.</param>
    /// <param name="ports">Addresses of the guest's OUT instructions.</param>
    internal void Start(in ProcessorState state, IReadOnlyList<ulong> ports)
    {
        ControlStateStatus status = Vcpu.SetControlState(
            new ControlState { Cr0 = state.Cr0, Cr3 = state.Cr3, Cr4 = state.Cr4, Efer = state.Efer, Pkru = state.Pkru });
        if (status != ControlStateStatus.Legal)
        {
            throw new InputException($"the {_processor.Name} processor cannot run the guest: {status}");
        }

        Recorder?.Control(flushes: false);

        // Only the roots and the window are the monitor's: the guest's descriptor tables are read when a fault is injected.
        _root = Enter();
        Vcpu.EndRun();
        _mustFlush = false;
        ProcessorState ours = state with
        {
            Cr0 = ProcessorState.UsualCr0,
            Cr3 = _root,
            Cr4 = OurCr4(state.Cr4),
            Efer = state.Efer | ProcessorState.NoExecute,
            Descriptors = Window.Descriptors,
            Ring = Window.Descriptors.GuestRing(state.Ring),
            Flags = state.Flags | Window.Descriptors.GuestFlags,
        };
        _processor.Start(ours, [.. Window.Ports, .. ports]);
        _processor.Flush(FlushRegion.Tables, _method);
    }

    /// <summary>Does what the guest's MOV to CR0 or CR4, or its WRMSR of EFER, would.</summary>
    /// <param name="after">The new control state.</param>
    /// <exception cref="GuestException">It is #GP.</exception>
    internal void LoadControl(in ControlState after)
    {
        ControlState before = Vcpu.Walker.ControlState;
        ControlStateStatus status = Vcpu.SetControlState(after);
        if (status != ControlStateStatus.Legal)
        {
            throw new GuestException($"the guest's CR0 0x{after.Cr0:x}, CR4 0x{after.Cr4:x} and EFER 0x{after.Efer:x} are #GP: {status}");
        }

        // Our tables need CR0.WP and EFER.NXE whatever the guest has.
        Recorder?.Control(flushes: ((before.Cr4 ^ after.Cr4) & ControlBits.GlobalPages) != 0);
        if (after.Cr4 != before.Cr4)
        {
            _processor.LoadControl(ProcessorState.UsualCr0, OurCr4(after.Cr4));
        }
    }

    /// <summary>Says that the processor ran on other tables meanwhile.</summary>
    internal void Interrupt() => _mustReload = true;

    /// <summary>Does what is due and runs the guest until an event.</summary>
    internal RunEvent Run(TimeSpan budget)
    {
        ulong root = Enter();
        if (_mustFlush)
        {
            _processor.Flush(FlushRegion.Tables, _method);
            _mustFlush = false;
            _mustReload = true;
            Flushes++;
        }

        if (root != _root || _mustReload)
        {
            _processor.LoadRoot(root);
            RootLoads++;
            _root = root;
            _mustReload = false;
        }

        RunEvent found = _processor.Run(budget);
        Vcpu.EndRun();
        return found;
    }

    /// <summary>Handles the page fault that the processor is in.</summary>
    internal FaultOutcome HandleFault(out FaultRequest request, out FaultResult result)
    {
        var code = (PageFaultCode)Window.Frame(FrameWord.Error);
        AccessKind kind = (code & PageFaultCode.Fetch) != 0 ? AccessKind.Fetch
            : (code & PageFaultCode.Write) != 0 ? AccessKind.Write : AccessKind.Read;
        AccessFlags flags = ((code & PageFaultCode.User) != 0 ? AccessFlags.User : 0)
            | ((Window.Frame(FrameWord.Flags) & 1 << 18) != 0 ? AccessFlags.AlignmentCheck : 0);
        request = new FaultRequest(new Gva(_processor.Cr2), new Access(kind, flags), code);
        Recorder?.Access(request.Address.Value, request.Access);
        long start = Stopwatch.GetTimestamp();
        FaultOutcome outcome = Vcpu.HandleFault(request, out result);
        long ticks = Stopwatch.GetTimestamp() - start;
        FaultTicks += ticks;
        Recorder?.Accessed();
        LongestFaultTicks = Math.Max(LongestFaultTicks, ticks);
        Faults++;
        Outcomes[(int)outcome]++;
        return outcome;
    }

    /// <inheritdoc/>
    public void Dispose() => Vm.Dispose();

    // Shadow tables of 32-bit paging are those of PAE paging.
    private static ulong OurCr4(ulong guest) => (guest & ~ControlBits.PageSizeExtensions) | RunMode.Pae.Cr4;

    private ulong Enter()
    {
        RootStatus status = Vcpu.BeginRun(out RunState state);
        if (status != RootStatus.Loaded)
        {
            throw new InputException($"the Shadow MMU has no root for the guest: {status}");
        }

        ulong root = Window.Attach(state.RootAddress, out bool changed);
        _mustFlush |= changed;
        return root;
    }
}
