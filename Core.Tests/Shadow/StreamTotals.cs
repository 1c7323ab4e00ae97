// Shadow judge: what streams have done so far, to be printed: a judge that was never asked has proved nothing.
using System.Globalization;
using Mmu.Common;

namespace Mmu.Tests.Shadow;

internal sealed class StreamTotals
{
    internal long Steps { get; private set; }

    private long _accesses;
    private long _faults;
    private long _stale;
    private long _abandoned;
    private long _unsyncs;
    private long _zapped;
    private long _recycled;
    private long _prefetched;
    private long _injected;
    private long _flooded;

    internal void Add(StreamVm vm, int steps)
    {
        MmuStatisticsOf(vm);
        Steps += steps;
        _accesses += vm.Accesses;
        _stale += vm.Model.Stale;
        _abandoned += vm.Model.Abandoned;
    }

    private void MmuStatisticsOf(StreamVm vm)
    {
        MmuStatistics statistics = vm.Statistics();
        _faults += (long)statistics.Faults;
        _unsyncs += (long)statistics.Unsyncs;
        _zapped += (long)statistics.TablesZapped;
        _recycled += (long)statistics.TablesRecycled;
        _prefetched += (long)statistics.Prefetched;
        _injected += (long)statistics.FaultsInjected;
        _flooded += (long)statistics.TablesFlooded;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Steps} steps: {_accesses} accesses and samples that reached memory, {_stale} by translations of the past, {_abandoned} not decided; {_faults} faults of which {_injected} were the guest's, {_unsyncs} unsyncs, {_prefetched} prefetched, {_zapped} tables zapped, {_recycled} of them recycled, {_flooded} flooded");
}
