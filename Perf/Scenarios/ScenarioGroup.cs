// Scenarios: what one run of the driver counts.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Common;

namespace Mmu.Perf.Scenarios;

/// <summary>The scenarios of a paging mode (walks and the Shadow MMU) or of a format of the TDP MMU.</summary>
internal sealed class ScenarioGroup : IDisposable
{
    private readonly WalkScenarios? _walks;
    private readonly ShadowScenarios? _shadow;
    private readonly TdpScenarios? _tdp;
    private readonly Func<double> _metadata;

    private ScenarioGroup(ModeShape mode)
    {
        _walks = new WalkScenarios(mode);
        _shadow = new ShadowScenarios(mode);
        _metadata = () => Shadow.Metadata.Measure(mode).PerPage;
    }

    private ScenarioGroup(TdpFormat format)
    {
        _tdp = new TdpScenarios(format);
        _metadata = () => Tdp.TdpMetadata.PerPage(format);
    }

    /// <summary>Those of a mode or format by its name; null if nothing is called so.</summary>
    public static ScenarioGroup? Find(string name) =>
        ModeShape.All.FirstOrDefault(m => m.Name == name) is { } mode ? new ScenarioGroup(mode)
            : Enum.TryParse(name, out TdpFormat format) ? new ScenarioGroup(format)
            : null;

    /// <summary>Those whose loads of guest entries can be counted.</summary>
    public IEnumerable<Scenario> Walks() => _walks?.All() ?? [];

    public IEnumerable<Scenario> All() => Walks().Concat(_shadow?.All() ?? []).Concat(_tdp?.All() ?? []);

    /// <summary>Bytes of bookkeeping a mapped page of 4 KiB.</summary>
    public double MetadataPerPage() => _metadata();

    public void Dispose()
    {
        _walks?.Dispose();
        _shadow?.Dispose();
        _tdp?.Dispose();
    }
}
