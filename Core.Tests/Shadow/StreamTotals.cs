// Shadow judge: what streams have done so far, to be printed: a judge that was never asked has proved nothing.
using System.Globalization;
using System.Linq;
using Mmu.Common;

namespace Mmu.Tests.Shadow;

internal sealed class StreamTotals
{
    internal long Steps { get; private set; }

    private long _accesses;
    private long _stale;
    private long _abandoned;
    private long _unsyncs;
    private long _zapped;
    private long _recycled;
    private long _prefetched;
    private readonly long[] _answers = new long[(int)FaultOutcome.VmDead + 1];
    private long _flooded;
    private long _reported;
    private long _changed;

    internal void Add(StreamVm vm, int steps)
    {
        AddStatistics(vm.Statistics());
        Steps += steps;
        _accesses += vm.Accesses;
        _stale += vm.Model.Stale;
        _reported += vm.Logs.Counts.Reported;
        _changed += vm.Logs.Counts.Changed;
        _abandoned += vm.Model.Abandoned;
        for (int i = 0; i < _answers.Length; i++)
        {
            _answers[i] += vm.Answers[i];
        }
    }

    private string Answers =>
        string.Join(", ", _answers.Select((count, answer) => (count, answer)).Where(x => x.count != 0).Select(x => $"{(FaultOutcome)x.answer} {x.count}"));

    private void AddStatistics(in MmuStatistics statistics)
    {
        _unsyncs += (long)statistics.Unsyncs;
        _zapped += (long)statistics.TablesZapped;
        _recycled += (long)statistics.TablesRecycled;
        _prefetched += (long)statistics.Prefetched;
        _flooded += (long)statistics.TablesFlooded;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Steps} steps: {_accesses} accesses and samples that reached memory, {_stale} by translations of the past, {_abandoned} not decided; answers: {Answers}; {_unsyncs} unsyncs, {_prefetched} prefetched, {_zapped} tables zapped, {_recycled} of them recycled, {_flooded} flooded; {_reported} pages reported dirty, {_changed} of them changed");
}
