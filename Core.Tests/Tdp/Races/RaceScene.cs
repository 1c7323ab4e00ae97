// TDP races: a guest whose vCPUs each have a thread, and what tests ask about it.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Sptes;
using Mmu.Tests.Judge;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Tdp.Races;

/// <summary>Three vCPUs; small pages at 0, one huge page at 4 MiB, frames on demand at 16 MiB.</summary>
internal sealed class RaceScene : IDisposable
{
    internal const ulong Small = GpaVm.DenseFrame << 12;
    internal const ulong Huge = GpaVm.HugeFrame << 12;
    internal const ulong Demand = GpaVm.DemandFrame << 12;

    private readonly GpaVm _vm;
    private readonly GpaAccesses _accesses;

    internal RaceScene(TdpFormat format = TdpFormat.Ept)
    {
        _vm = new GpaVm(new GpaStreamOptions { Vcpus = 3, Tdp = new TdpOptions { Format = format } });
        SmallSlot = _vm.AddSlot(0, GpaVm.DenseFrame, 64);
        _ = _vm.AddSlot(0, GpaVm.HugeFrame, 512);
        DemandSlot = _vm.AddSlot(0, GpaVm.DemandFrame, 64, SlotFlags.Resolved);
        Judge = new GpaJudge(_vm);
        _accesses = new GpaAccesses(_vm, Judge);
        foreach (GpaVcpu vcpu in _vm.Vcpus)
        {
            Assert.True(_vm.Enter(vcpu));
            vcpu.Leave();
        }
    }

    internal EntryFormat Format => _vm.Options.Format;

    internal GpaSlot SmallSlot { get; }

    internal GpaSlot DemandSlot { get; }

    internal GpaJudge Judge { get; }

    internal GpaHost Host => _vm.Host;

    internal GpaGuard Guard => _vm.Guard;

    internal MmuVm Vm => _vm.Vm;

    internal MmuStatistics Statistics => _vm.Vm.GetStatistics();

    /// <summary>Has something done, once, by a thread of the host's while it looks for a frame.</summary>
    internal void WhileResolving(Action action)
    {
        Host.WhileResolving = (_, _) =>
        {
            Host.WhileResolving = null;
            using HostThread other = new();
            other.Run(action);
        };
    }

    /// <summary>A whole access with all its faults, judged; the vCPU is outside afterwards.</summary>
    internal void Access(int vcpu, ulong gpa, GpaAccess access)
    {
        Assert.Equal(FaultOutcome.None, _accesses.Run(_vm.Vcpus[vcpu], gpa, access, isPrivate: false));
        _vm.Vcpus[vcpu].Leave();
    }

    /// <summary>One call about a fault.</summary>
    internal FaultOutcome Fault(int vcpu, ulong gpa, GpaAccess access, ViolationFlags flags = ViolationFlags.None)
    {
        ViolationRequest request = ViolationRequest.FromEptViolation(new Gpa(gpa), EntryRules.CodeOf(EntryFormat.Ept, access, 0, reserved: false));
        return _vm.Vcpus[vcpu].Vcpu.HandleViolation(request with { Flags = request.Flags | flags }, out _);
    }

    /// <summary>A vCPU enters the guest and stays there.</summary>
    internal GpaCpu Enter(int vcpu)
    {
        Assert.True(_vm.Enter(_vm.Vcpus[vcpu]));
        return _vm.Vcpus[vcpu].Cpu;
    }

    internal void Leave(int vcpu) => _vm.Vcpus[vcpu].Leave();

    /// <summary>The entries on the way to an address, root first.</summary>
    internal List<GpaWalkStep> Path(ulong gpa) => _vm.Walker.Path(_vm.Vcpus[0].Cpu.Root, gpa);

    /// <summary>The last entry on the way to an address, of vCPU 0's root; read as it stands.</summary>
    internal GpaWalkStep Last(ulong gpa) => _vm.Walker.Path(_vm.Vcpus[0].Cpu.Root, gpa)[^1];

    /// <summary>What a processor finds for a read; nothing changes.</summary>
    internal GpaOutcome Peek(ulong gpa, GpaAccess access) => _vm.Walker.Walk(_vm.Vcpus[0].Cpu.Root, gpa, access, update: false);

    /// <summary>What a processor does for an access, without a TLB.</summary>
    internal GpaOutcome Walk(ulong gpa, GpaAccess access) => _vm.Walker.Walk(_vm.Vcpus[0].Cpu.Root, gpa, access, update: true);

    internal ref ulong Word(GpaWalkStep step) => ref _vm.Walker.WordOf(step);

    /// <summary>Everything is as it must be when nobody is half-way: no frozen entry is left, and all counts are right.</summary>
    internal void AssertSound()
    {
        Assert.Null(_vm.Vm.Audit());
        foreach (ulong gpa in (List<ulong>)[Small, Huge, Demand])
        {
            Assert.NotEqual(Spte.Frozen, Last(gpa).Entry);
        }
    }

    /// <summary>Clears dirty bits of a frame, as a dirty log does.</summary>
    internal void ClearDirty(ulong gpa)
    {
        using MmuReadGuard held = Vm.Core.Lock.EnterSharedAsHost();
        SlotRecord slot = Vm.Core.Slots[0].Find(gpa >> 12)!;
        if (Vm.EngineSet.ClearDirty(shared: true, slot, gpa >> 12, (gpa >> 12) + 1))
        {
            Vm.Core.Gate.FlushAll();
        }
    }

    /// <summary>The action waits for the lock: it wants it, and gets no further as long as another holds it shared.</summary>
    internal ParkedThread Waiting(Action action)
    {
        ParkedThread thread = new(action);
        System.Threading.SpinWait.SpinUntil(() => Vm.Core.Lock.IsWanted, TimeSpan.FromSeconds(10));
        Assert.True(Vm.Core.Lock.IsWanted);
        System.Threading.Thread.Sleep(10);
        Assert.False(thread.IsDone);
        return thread;
    }

    public void Dispose() => _vm.Dispose();
}
