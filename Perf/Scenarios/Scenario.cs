// Scenarios: one thing that is counted.
using Mmu.Vm;

namespace Mmu.Perf.Scenarios;

/// <summary>A turn of work whose instructions and counters the gate compares with what was accepted.</summary>
/// <param name="Name">Mode and what is done: <c>long4 walk hot</c>.</param>
/// <param name="Subject">The turn.</param>
/// <param name="Vm">The VM whose counters it moves; null for walks.</param>
internal sealed record Scenario(string Name, Subject Subject, MmuVm? Vm)
{
    // Far enough from the turn that warms up that no chunk is met twice.
    private const int MeasuredChunk = 1;

    /// <summary>True if the CPU's vectors decide how entries are loaded: then loads are not counted one by one.</summary>
    public bool ReadsAreMachines { get; init; }

    /// <summary>Brings about what the measured turn needs, after a turn that meets whatever is met for the first time.</summary>
    public void Prepare()
    {
        Subject.Prepare(0);
        Subject.Run(0);
        Subject.Prepare(MeasuredChunk);
    }

    /// <summary>The turn that counts.</summary>
    public void Run() => Measured.Turn(Subject, MeasuredChunk);
}
