// Vm: what the VM tells about itself.
using System;
using System.Diagnostics.Metrics;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Memory;

namespace Mmu.Vm;

public sealed partial class MmuVm
{
    private Meter? _meter;

    /// <summary>
    /// Where frequent events go: null, as at first, for nowhere. Events of one VM that happen while it changes may go to either. See docs/insight.md.
    /// </summary>
    public TraceRing? Trace
    {
        get => _core.Trace;
        set
        {
            RefuseCaller();
            _core.SetTrace(value);
        }
    }

    /// <summary>Bytes of bookkeeping now, tables included.</summary>
    public ulong MetadataBytes => GetStatistics().MetadataBytes;

    /// <summary>Exact counters since the VM was created, and its present sizes.</summary>
    public MmuStatistics GetStatistics()
    {
        RefuseCaller();
        MmuStatistics statistics = default;
        using MmuWriteGuard held = _core.Lock.Enter();
        statistics.RemoteFlushes = _core.Gate.RemoteFlushes;
        statistics.FlushRequests = _core.Gate.FlushRequests;
        statistics.TlbFlushes = _departedFlushes;
        statistics.Invalidations = _departedInvalidations;
        foreach (MmuVcpu? vcpu in _vcpus)
        {
            statistics.TlbFlushes += vcpu?.Inner.TlbFlushes ?? 0;
            statistics.Invalidations += vcpu?.Inner.Invalidations ?? 0;
        }

        statistics.MetadataBytes = SlotBytes(0) + SlotBytes(1);
        _engines.AddStatistics(ref statistics);
        return statistics;
    }

    /// <summary>
    /// Publishes the statistics as a meter named "Mmu", with an instrument for each of <see cref="KvmStatistics.All"/>, tagged with the VM's name. Whoever collects
    /// reads them; nothing is done in between. The meter ends with the VM, or when the caller disposes it.
    /// </summary>
    /// <param name="name">The value of the tag "vm".</param>
    /// <exception cref="InvalidOperationException">The VM has a meter already.</exception>
    public Meter PublishMeter(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        RefuseCaller();
        using RankedHold hold = _slotsLock.Enter();
        if (_meter is not null)
        {
            throw new InvalidOperationException("The VM has a meter already.");
        }

        Meter meter = new("Mmu", version: null, [new("vm", name)]);
        foreach (KvmStatistic statistic in KvmStatistics.All)
        {
            if (statistic.IsCounter)
            {
                _ = meter.CreateObservableCounter(statistic.Name, () => (long)statistic.Of(GetStatistics()), unit: null, statistic.Description);
            }
            else
            {
                _ = meter.CreateObservableGauge(statistic.Name, () => (long)statistic.Of(GetStatistics()), unit: null, statistic.Description);
            }
        }

        return _meter = meter;
    }

    private ulong SlotBytes(int addressSpace)
    {
        ulong bytes = 0;
        foreach (SlotRecord slot in _core.Slots[addressSpace].All)
        {
            bytes += slot.Bytes;
        }

        return bytes;
    }
}
