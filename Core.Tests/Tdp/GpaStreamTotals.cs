// TDP judge: what streams have done so far, to be printed: a judge that was never asked has proved nothing.
using System.Globalization;
using System.Linq;
using Mmu.Common;

namespace Mmu.Tests.Tdp;

internal sealed class GpaStreamTotals
{
    private readonly long[] _answers = new long[(int)FaultOutcome.VmDead + 1];
    private long _steps;
    private long _reached;
    private ulong _made;
    private ulong _zapped;
    private ulong _stores;

    internal void Add(GpaVm vm, int steps)
    {
        MmuStatistics statistics = vm.Statistics();
        _steps += steps;
        _reached += vm.Reached;
        _made += statistics.TablesAllocated;
        _zapped += statistics.TablesZapped;
        _stores += statistics.SpteStores;
        for (int i = 0; i < _answers.Length; i++)
        {
            _answers[i] += vm.Answers[i];
        }
    }

    private string Answers =>
        string.Join(", ", _answers.Select((count, answer) => (count, answer)).Where(x => x.count != 0).Select(x => $"{(FaultOutcome)x.answer} {x.count}"));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{_steps} steps: {_reached} accesses and samples that reached memory; answers: {Answers}; {_made} tables made, {_zapped} zapped, {_stores} stores");
}
