// Shadow judge: executes a stream of commands on the library and on the model, and compares after each.
using Mmu.Tests.Conformance;
using Mmu.Tests.Judge;

namespace Mmu.Tests.Shadow;

internal sealed class StreamRunner : IStreamRunner<StreamCommand>
{
#if DEBUG
    private const int AuditEvery = 16;
#else
    private const int AuditEvery = 1;
#endif
    private readonly StreamVm _vm;
    private readonly GuestCommands _guest;
    private readonly HostCommands _host;
    private readonly SampleCheck _sample;
    private int _steps;

    internal StreamRunner(StreamOptions options)
    {
        _vm = new StreamVm(options);
        AccessRunner accesses = new(_vm, new SeededRandom(options.Seed + 1));
        _guest = new GuestCommands(_vm, accesses);
        _host = new HostCommands(_vm);
        _sample = new SampleCheck(_vm, new SeededRandom(options.Seed + 2));
    }

    /// <inheritdoc/>
    public int Allocations => _vm.Faults?.Attempts ?? 0;

    /// <summary>Runs a stream; what went wrong, or null.</summary>
    internal static string? Run(StreamOptions options, StreamCommand[] stream, StreamTotals totals) =>
        StreamDriver.Run(() => new StreamRunner(options), stream, (runner, steps) => totals.Add(runner._vm, steps));

    /// <inheritdoc/>
    public string? Step(StreamCommand command)
    {
        _vm.World.Now++;
        SeededRandom random = new(command.Seed + 1UL);
        if (!_guest.Execute(command.Kind, _vm.Vcpus[command.Vcpu % _vm.Vcpus.Count], random))
        {
            _host.Execute(command.Kind, random);
        }

        _vm.World.Observe(MarkSet.None);
        _vm.World.History.Oldest = _vm.OldestOfAll();
        _sample.Run();
        _steps++;
        return _steps % AuditEvery == 0 ? _vm.Audit() : null;
    }

    public void Dispose() => _vm.Dispose();
}
