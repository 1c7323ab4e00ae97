// Judges: a virtual machine of the library whose vCPUs are run by processors of the tests, and whose memory may be made to fail.
using System;
using System.Collections.Generic;
using Mmu.Common;
using Mmu.Memory;
using Mmu.Tests.Guest;
using Mmu.Vm;

namespace Mmu.Tests.Judge;

internal abstract class JudgedVm<TVcpu> : IDisposable
    where TVcpu : IJudgedVcpu
{
    private readonly List<GuardedPages> _memory = [];
    private readonly HostThread _hostThread = new();

    /// <summary>Makes the VM.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="host">The VMM's side.</param>
    /// <param name="failAfter">After how many allocations one fails, or all do; null for never.</param>
    /// <param name="failsOnce">True for one.</param>
    protected JudgedVm(MmuVmOptions options, IMmuHost host, int? failAfter, bool failsOnce)
    {
        Vm = MmuVm.Create(options, host);
        if (failAfter is { } after)
        {
            Faults = new AllocationFaults { FailAfter = after, Once = failsOnce };
            Vm.Core.Tables.Faults = Faults;
            Vm.Core.Private.Faults = Faults;
        }

        TableMemory tables = Vm.TableMemory;
        HostFrames.Add(new HostRange(tables.FirstFrame.Value, (int)(tables.Bytes >> 12), tables.HostAddress, HostUse.Tables));
    }

    internal MmuVm Vm { get; }

    internal HostFrames HostFrames { get; } = new();

    internal AllocationFaults? Faults { get; }

    internal abstract List<TVcpu> Vcpus { get; }

    /// <summary>There may be fewer tables than are needed, or memory is made to fail: a fault may find no room.</summary>
    internal abstract bool MayRunOut { get; }

    /// <summary>How often each answer to a fault was given.</summary>
    internal long[] Answers { get; } = new long[(int)FaultOutcome.VmDead + 1];

    /// <summary>Calls a method of the VM as a host thread does, which has no vCPU in guest.</summary>
    internal void AsHost(Action<MmuVm> action)
    {
        if (Vcpus.Exists(vcpu => vcpu.IsInGuest))
        {
            _hostThread.Run(() => action(Vm), WhileHostWorks);
            WhileHostWorks?.Invoke();
        }
        else
        {
            action(Vm);
        }
    }

    /// <summary>Does what may fail for memory, once more with memory if it does.</summary>
    internal void Retry(Action action)
    {
        try
        {
            action();
        }
        catch (InvalidOperationException) when (Faults is not null)
        {
            Faults.FailAfter = -1;
            action();
        }
    }

    /// <summary>Has a vCPU in guest; false if there is no room for its root.</summary>
    internal bool Enter(TVcpu vcpu)
    {
        RootStatus status = vcpu.Enter();
        if (status != RootStatus.Loaded && !(IsShortage(status) && MayRunOut))
        {
            throw new JudgeException($"The vCPU cannot enter the guest: {status}.");
        }

        return status == RootStatus.Loaded;
    }

    /// <summary>What a VMM does when the arena is full: has the others let go of their roots, and tables taken apart.</summary>
    internal virtual void MakeRoom()
    {
        if (Faults is not null)
        {
            Faults.FailAfter = -1;
            return;
        }

        foreach (TVcpu vcpu in Vcpus)
        {
            vcpu.Leave();
        }

        Vm.ZapAll();
        while (Vm.ReclaimObsolete())
        {
        }

        _ = Vm.Shrink(int.MaxValue);
    }

    internal string? Audit()
    {
        string? wrong = null;
        AsHost(vm => wrong = vm.Audit());
        return wrong;
    }

    internal MmuStatistics Statistics()
    {
        MmuStatistics statistics = default;
        AsHost(vm => statistics = vm.GetStatistics());
        return statistics;
    }

    public void Dispose()
    {
        foreach (TVcpu vcpu in Vcpus)
        {
            vcpu.Leave();
        }

        try
        {
            Teardown.Check(Vm);
        }
        finally
        {
            _hostThread.Dispose();
            _memory.ForEach(memory => memory.Dispose());
        }
    }

    /// <summary>Memory of a slot, for the life of the VM.</summary>
    protected GuardedPages NewMemory(int pages)
    {
        GuardedPages memory = new(pages);
        _memory.Add(memory);
        return memory;
    }

    /// <summary>True for what an entry answers where there is no room.</summary>
    protected virtual bool IsShortage(RootStatus status) => status == RootStatus.OutOfPages;

    /// <summary>What the vCPUs' thread does, over and over, while the host waits for them; null if the host never does.</summary>
    protected virtual Action? WhileHostWorks => null;
}
