// KVM conformance, nested paging: this library in the place of KVM's TDP MMU.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Conformance;
using Mmu.Tests.Guest;
using Mmu.Tests.Judge;
using Mmu.Vm;

namespace Mmu.Tests.Tdp.Kvm;

/// <summary>A guest with one vCPU on NPT, as the log's.</summary>
internal sealed class NptSubject : IDisposable
{
    internal const ulong MemoryFrames = 0x1800;
    private const ulong FirstTableFrame = 0x8_0000;
    private const int MaxPhyAddr = 46;

    private readonly GuardedPages _ram = new((int)MemoryFrames);
    private readonly HostThread _other = new();
    private readonly MmuVm _vm;
    private readonly MmuVcpu _vcpu;

    internal NptSubject(NptHost host)
    {
        Host = host;
        _vm = MmuVm.Create(
            new MmuVmOptions
            {
                HostPhysicalAddressBits = MaxPhyAddr,
                FirstTableFrame = new Pfn(FirstTableFrame),
                TablePages = 64,
                MaxVcpus = 1,
                Tdp = new TdpOptions { Format = TdpFormat.Npt },
            },
            host);
        TableMemory tables = _vm.TableMemory;
        HostFrames frames = new();
        frames.Add(new HostRange(tables.FirstFrame.Value, (int)(tables.Bytes >> 12), tables.HostAddress, HostUse.Tables));
        Walker = new GpaWalker(EntryFormat.Npt, 4, MaxPhyAddr, frames, executeOnly: false);
        Cpu = new GpaCpu(Walker, new SeededRandom(1));
        host.Cpu = Cpu;
        host.Vm = _vm;
        host.OnAnotherThread = action => _other.Run(action);
        _vm.AddSlot(new MemorySlot(new Gpa(0), MemoryFrames << 12, _ram.Address, new Pfn(0), SlotFlags.Resolved));
        _vcpu = _vm.CreateVcpu();
        Enter();
    }

    internal NptHost Host { get; }

    internal MmuVm Vm => _vm;

    internal GpaWalker Walker { get; }

    internal GpaCpu Cpu { get; }

    internal MmuStatistics Statistics => _vm.GetStatistics();

    private SlotRecord Slot => _vm.Core.Slots[0].Find(0)!;

    /// <summary>An access; the fault that a processor raises for it, or null.</summary>
    internal ulong? Run(ulong gpa, GpaAccess access)
    {
        Enter();
        GpaOutcome outcome = Cpu.Access(gpa, access);
        return outcome.Passes ? null : outcome.Code;
    }

    /// <summary>Handles a fault, once.</summary>
    internal FaultOutcome Handle(ulong gpa, ulong code)
    {
        FaultOutcome outcome = _vcpu.HandleViolation(ViolationRequest.FromNestedPageFault(new Gpa(gpa), code), out _);
        Enter();
        return outcome;
    }

    /// <summary>The entries on the way to an address, root first.</summary>
    internal List<GpaWalkStep> Path(ulong gpa) => Walker.Path(Cpu.Root, gpa);

    /// <summary>Keeps huge pages from being made, or no more: the library has no dirty log yet, that would.</summary>
    internal void AllowHuge(bool allow)
    {
        for (ulong gfn = 0; gfn < MemoryFrames; gfn += 512)
        {
            if (allow)
            {
                Slot.Huge.Allow(gfn);
            }
            else
            {
                Slot.Huge.Forbid(gfn);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _vcpu.Dispose();
        Teardown.Check(_vm);
        _other.Dispose();
        _ram.Dispose();
    }

    private void Enter()
    {
        if (_vcpu.BeginRun(out RunState run) != RootStatus.Loaded)
        {
            throw new JudgeException("The vCPU cannot enter.");
        }

        Cpu.LoadRoot(run.RootAddress);
        Cpu.LeaveGuest();
        _vcpu.EndRun();
    }
}
