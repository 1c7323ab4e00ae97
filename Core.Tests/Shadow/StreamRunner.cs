// Shadow judge: executes a stream of commands on the library and on the model, and compares after each.
using System;
using System.Globalization;
using Mmu.Tests.Conformance;
using Mmu.Tests.Judge;

namespace Mmu.Tests.Shadow;

internal sealed class StreamRunner : IDisposable
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

    /// <summary>Allocations asked for so far, of a machine whose memory may be made to fail.</summary>
    internal int Allocations => _vm.Faults?.Attempts ?? 0;

    /// <summary>Runs a stream; what went wrong, or null.</summary>
    internal static string? Run(StreamOptions options, StreamCommand[] stream, StreamTotals totals)
    {
        int step = 0;
        try
        {
            using StreamRunner runner = new(options);
            string? wrong = null;
            for (; step < stream.Length && wrong is null; step++)
            {
                wrong = runner.Step(stream[step]);
            }

            totals.Add(runner._vm, step);
            return wrong is null ? null : Describe(stream, step - 1, wrong);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Describe(stream, step, e is JudgeException ? e.Message : e.ToString());
        }
    }

    internal string? Step(StreamCommand command)
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

    private static string Describe(StreamCommand[] stream, int step, string wrong) =>
        string.Create(CultureInfo.InvariantCulture, $"step {step} ({(step < stream.Length ? stream[step].ToString() : "the end")}): {wrong}");
}
