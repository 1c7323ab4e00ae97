// Tdp: the TDP MMU of one VM.
using System;
using Mmu.Common;
using Mmu.Diagnostics;

namespace Mmu.Tdp;

/// <summary>The TDP MMU: tables from guest physical addresses to host frames, which processors walk as the second dimension.</summary>
internal sealed class TdpMmu : IDisposable
{
    private readonly VmCore _vm;
    private readonly TdpVcpu?[] _vcpus;

    // Faults of vCPUs that are no more.
    private FaultCounters _departed;

    internal TdpMmu(VmCore vm, TdpOptions options)
    {
        _vm = vm;
        State = new TdpState(vm, options);
        Code = TdpCode.Create(State);
        State.Code = Code;
        _vcpus = new TdpVcpu?[vm.MaxVcpus];
    }

    internal TdpState State { get; }

    internal TdpCode Code { get; }

    /// <summary>The engine's data of a vCPU.</summary>
    internal TdpVcpu Of(Vcpu vcpu) => _vcpus[vcpu.Id]!;

    /// <summary>Prepares for a vCPU.</summary>
    internal void AddVcpu(Vcpu vcpu) => _vcpus[vcpu.Id] = new TdpVcpu(vcpu);

    /// <summary>Lets go of all that a vCPU held.</summary>
    internal void RemoveVcpu(Vcpu vcpu)
    {
        TdpVcpu leaving = Of(vcpu);
        State.Roots.Release(leaving);
        _vm.Tables.Drain(ref leaving.Pages);
        State.Count(leaving.Tally);
        _departed.Add(leaving.Faults);
        _vcpus[vcpu.Id] = null;
    }

    /// <summary>
    /// Invalidates every root: the first half. Takes the lock for a moment, however much is mapped, and waits until every vCPU in guest has left it:
    /// from then on nobody uses those tables.
    /// </summary>
    internal void ZapAll()
    {
        using MmuWriteGuard held = _vm.Lock.Enter();
        if (!State.Roots.HasAny)
        {
            return;
        }

        State.Roots.InvalidateAll();
        _vm.Trace?.Write(TracePoint.ZapAllFast, _vm.SlotGeneration, _vm.Tables.OutstandingPages);
#if MMU_FAULT_139
        _vm.Gate.RequestFreeObsoleteRoots();
#else
        _vm.Gate.EvictAll();
#endif
    }

    /// <summary>Lets go of the root of a vCPU if it is one of those.</summary>
    internal void FreeRoots(Vcpu vcpu, RootSelection selection)
    {
        TdpVcpu of = Of(vcpu);
        bool lets = selection switch
        {
            RootSelection.All => true,
            RootSelection.Obsolete => !State.Roots.IsLoaded(of),
            _ => false,
        };
        if (lets)
        {
            State.Roots.Release(of);
        }
    }

    /// <summary>Adds the figures. Lock held.</summary>
    internal void AddStatistics(ref MmuStatistics statistics)
    {
        TdpTally tally = State.HostTally;
        FaultCounters faults = _departed;
        foreach (TdpVcpu? vcpu in _vcpus)
        {
            if (vcpu is not null)
            {
                tally.Add(vcpu.Tally);
                faults.Add(vcpu.Faults);
            }
        }

        tally.AddTo(ref statistics);
        faults.AddTo(ref statistics);
    }

    /// <summary>Checks all invariants. Lock held exclusively.</summary>
    internal string? Audit() => Code.Audit(_vcpus);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (TdpVcpu? vcpu in _vcpus)
        {
            if (vcpu is not null)
            {
                RemoveVcpu(vcpu.Vcpu);
            }
        }

        ZapAll();
        while (Code.ZapInvalidRoots())
        {
        }

        _ = _vm.Tables.Reclaim(_vm.Epochs);
        State.Dispose();
    }
}
