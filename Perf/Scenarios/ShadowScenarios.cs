// Scenarios: the Shadow MMU's operations of one mode.
using System;
using System.Collections.Generic;
using Mmu.Perf.Shadow;

namespace Mmu.Perf.Scenarios;

/// <summary>The operations that `compare --suite shadow` times, and zapping everything.</summary>
internal sealed class ShadowScenarios : IDisposable
{
    private const int ZappedPages = 10_000;

    private readonly ModeShape _mode;
    private readonly ShadowSuite _suite;
    private readonly ShadowGuest _dense;
    private readonly GuestRun _denseRun;

    public ShadowScenarios(ModeShape mode)
    {
        _mode = mode;
        _suite = new ShadowSuite(mode, library: null);
        _dense = ShadowGuest.CreateDense(mode);
        _denseRun = new GuestRun(_dense);
    }

    public IEnumerable<Scenario> All()
    {
        foreach (ShadowCase one in _suite.SingleCases())
        {
            yield return new Scenario($"{_mode.Name} {one.What}", one.Subjects[0], one.Vm);
        }

        ManyCases many = new(_denseRun, _dense);
        yield return new Scenario($"{_mode.Name} zap all of {ZappedPages}, twice", many.ZapAll(ZappedPages), _denseRun.Vm);
        yield return new Scenario($"{_mode.Name} reclaim after zap-all of {ZappedPages}", many.ReclaimAll(ZappedPages), _denseRun.Vm);
    }

    public void Dispose()
    {
        _suite.Dispose();
        _denseRun.Dispose();
        _dense.Dispose();
    }
}
