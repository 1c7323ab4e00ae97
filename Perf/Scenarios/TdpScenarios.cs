// Scenarios: the TDP MMU's operations of one format.
using System;
using System.Collections.Generic;
using Mmu.Common;
using Mmu.Perf.Shadow;
using Mmu.Perf.Tdp;

namespace Mmu.Perf.Scenarios;

/// <summary>The operations that `compare --suite tdp` times, of fewer pages.</summary>
internal sealed class TdpScenarios(TdpFormat format) : IDisposable
{
    private const int Pages = 10_240;

    private readonly TdpSuite _suite = new(format, library: null, Pages);

    public IEnumerable<Scenario> All()
    {
        foreach (ShadowCase one in _suite.Cases())
        {
            yield return new Scenario($"{format} {one.What}", one.Subjects[0], one.Vm);
        }
    }

    public void Dispose() => _suite.Dispose();
}
