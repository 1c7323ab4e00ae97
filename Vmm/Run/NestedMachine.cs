// Vmm.Run: a VM on nested paging whose one vCPU is the model.
using System;
using System.Diagnostics;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Vm;
using Mmu.Vmm.Images;
using Mmu.Vmm.Run.Processors;
using Mmu.Vmm.Run.Processors.Model;
using Mmu.Walk;

namespace Mmu.Vmm.Run;

/// <summary>The monitor of a guest that walks its own tables: guest physical memory is where the nested tables of the TDP MMU say.</summary>
internal sealed class NestedMachine : IMmuHost, INesting, IDisposable
{
    private const ulong EptWriteBack = 6;
    private const ulong EptAccessedDirty = 1 << 6;
    private const ulong FiveLevels = 1 << 12;
    private const ulong LongMode = 0x500;

    private static readonly int s_outcomes = Enum.GetValues<FaultOutcome>().Length;

    private readonly ModelProcessor _processor;
    private readonly TdpOptions _options;
    private readonly ulong _guestBytes;
    private RunState _root;
    private bool _mustFlush;
    private bool _runs;

    /// <summary>Makes the VM over the second copy of guest memory.</summary>
    internal NestedMachine(HostMemory memory, ModelProcessor processor, TdpOptions options)
    {
        _processor = processor;
        _options = options;
        _guestBytes = MachineVm.GuestBytes(memory);
        Vm = MachineVm.Create(memory, processor, this, options);
        Vcpu = Vm.CreateVcpu();
        Enter();
    }

    /// <summary>Gets the VM.</summary>
    internal MmuVm Vm { get; }

    /// <summary>Gets the vCPU.</summary>
    internal MmuVcpu Vcpu { get; }

    /// <summary>Gets the count of violations by outcome.</summary>
    internal long[] Outcomes { get; } = new long[s_outcomes];

    /// <summary>Gets the violations handled.</summary>
    internal long Violations { get; private set; }

    /// <summary>Gets the time inside <see cref="MmuVcpu.HandleViolation"/>, in ticks of the stopwatch.</summary>
    internal long Ticks { get; private set; }

    /// <summary>Gets the flushes that the processor was asked for.</summary>
    internal long Flushes { get; private set; }

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

    /// <inheritdoc/>
    public ControlStateStatus Apply(GuestWalker walker, in ControlState state) => _options.Format == TdpFormat.Npt
        ? walker.SetControlState(state, new NptControl
        {
            NestedCr3 = _root.RootAddress,
            HostCr4 = RunMode.Pae.Cr4 | (_root.Levels == 5 ? FiveLevels : 0),
            HostEfer = LongMode | ProcessorState.NoExecute,
            PhysicalAddressBits = _processor.Features.PhysicalAddressBits,
        })
        : walker.SetControlState(state, new EptControl
        {
            EptPointer = _root.RootAddress | EptWriteBack | ((ulong)(_root.Levels - 1) << 3) | (_options.Format == TdpFormat.Ept ? EptAccessedDirty : 0),
            PhysicalAddressBits = _processor.Features.PhysicalAddressBits,
        });

    /// <inheritdoc/>
    public bool Answer(in WalkResult walk, Access access)
    {
        // The exit from the guest, and the way back.
        Stop();
        Gpa gpa = new(walk.NestedGpa.Value);
        ViolationRequest request = walk.Outcome switch
        {
            WalkOutcome.EptViolation => ViolationRequest.FromEptViolation(gpa, walk.ExitQualification),
            WalkOutcome.EptMisconfiguration => ViolationRequest.FromEptMisconfiguration(gpa),
            _ => ViolationRequest.FromNestedPageFault(gpa, walk.ExitInfo1),
        };
        long start = Stopwatch.GetTimestamp();
        FaultOutcome outcome = Vcpu.HandleViolation(request, out _);
        Ticks += Stopwatch.GetTimestamp() - start;
        Violations++;
        Outcomes[(int)outcome]++;
        Disturb(gpa);
        Enter();
        return outcome switch
        {
            FaultOutcome.Fixed or FaultOutcome.Spurious or FaultOutcome.Retry => true,
            FaultOutcome.Mmio => false,
            _ => throw new GuestException($"the TDP MMU gave up at {gpa}, {access.Kind}: {outcome}"),
        };
    }

    /// <summary>Takes the processor off the guest.</summary>
    internal void Stop()
    {
        if (_runs)
        {
            _runs = false;
            Vcpu.EndRun();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        Vm.Dispose();
    }

    // What hosts do to a running guest's memory, in turn: it must not notice.
    private void Disturb(Gpa gpa)
    {
        const ulong page = 4096;
        Gpa start = new(gpa.Value & ~(page - 1));
        Gpa other = new(HostLayout.GuestMemory + ((ulong)Violations * 37 * page % _guestBytes));
        switch (Violations % 8)
        {
            case 0:
                Vm.UnmapRange(other, page);
                break;
            case 1:
                Vm.WriteProtect(new Gpa(HostLayout.GuestMemory), _guestBytes);
                break;
            case 2:
                _ = Vm.Age(new Gpa(HostLayout.GuestMemory), _guestBytes);
                break;
            case 3:
                _ = Vm.SplitHugePages(other, page);
                break;
            case 5:
                Vm.ZapCollapsible(new Gpa(HostLayout.GuestMemory), _guestBytes);
                break;
            case 6 when Violations % 128 == 6:
                Vm.ZapAll();
                break;
            case 7 when start.Value < HostLayout.GuestMemory + _guestBytes:
                Vm.UnmapRange(start, page);
                break;
        }

        _ = Vm.ReclaimObsolete();
    }

    private void Enter()
    {
        RootStatus status = Vcpu.BeginRun(out RunState root);
        if (status != RootStatus.Loaded)
        {
            throw new InputException($"the TDP MMU has no root for the guest: {status}");
        }

        _runs = true;
        bool changed = root != _root;
        _root = root;
        if (_mustFlush || changed)
        {
            _mustFlush = false;
            Flushes++;
            _processor.DropTranslations();
        }
    }
}
