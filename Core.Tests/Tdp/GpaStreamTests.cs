// TDP judge: long random streams of commands against the model. MMU_LONG=1 makes them many more.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using CsCheck;
using Mmu.Common;
using Mmu.Tests.Judge;
using Xunit;

namespace Mmu.Tests.Tdp;

public sealed class GpaStreamTests(ITestOutputHelper output)
{
    private const int StepsPerStream = 700;
    private const int LongFactor = 50;

    private static readonly Dictionary<string, GpaStreamOptions> _machines = new(StringComparer.Ordinal)
    {
        ["EPT"] = new() { Tdp = new TdpOptions { Format = TdpFormat.Ept } },
        ["EPT, 5 levels, execute-only, 3 vCPUs"] = new() { Vcpus = 3, Tdp = new TdpOptions { Format = TdpFormat.Ept, Levels = 5, ExecuteOnly = true } },
        ["EPT without A and D"] = new() { Tdp = new TdpOptions { Format = TdpFormat.EptNoAccessedDirty } },
        ["EPT without A and D, guest's PAT"] = new() { Vcpus = 1, Tdp = new TdpOptions { Format = TdpFormat.EptNoAccessedDirty, HonoursGuestPat = true } },
        ["NPT"] = new() { Tdp = new TdpOptions { Format = TdpFormat.Npt } },
        ["NPT, 5 levels, 3 vCPUs"] = new() { Vcpus = 3, Tdp = new TdpOptions { Format = TdpFormat.Npt, Levels = 5 } },
        ["EPT, NX huge pages"] = new() { NxHugePages = true, Tdp = new TdpOptions { Format = TdpFormat.Ept } },
        ["NPT, NX huge pages"] = new() { NxHugePages = true, Tdp = new TdpOptions { Format = TdpFormat.Npt } },
        ["NPT, small pages"] = new() { Tdp = new TdpOptions { Format = TdpFormat.Npt, HighestPageLevel = 1 } },
        ["tiny arena"] = new() { TablePages = 24, Tdp = new TdpOptions { Format = TdpFormat.Ept } },
    };

    public static IEnumerable<TheoryDataRow<string>> Machines => _machines.Keys.Select(name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(Machines))]
    public void EveryStepIsAsTheModelSays(string machine)
    {
        GpaStreamTotals totals = new();
        for (uint i = 0; i < 2 * Factor; i++)
        {
            RunOne(_machines[machine] with { Seed = 1 + i }, totals);
        }

        output.WriteLine(totals.ToString());
    }

    // A read of private memory gave back W that had been taken to notice the next write; the audit took a protected huge page for a mistake.
    [Theory]
    [InlineData("EPT without A and D, guest's PAT", 79)]
    [InlineData("EPT", 2)]
    public void SeedsThatFoundMistakesPassNow(string machine, ulong seed) => RunOne(_machines[machine] with { Seed = seed }, new GpaStreamTotals());

    private static int Factor => Environment.GetEnvironmentVariable("MMU_LONG") is { Length: > 0 } ? LongFactor : 1;

    private static void RunOne(GpaStreamOptions options, GpaStreamTotals totals)
    {
        GpaStreamCommand[] stream = GpaStreamGen.Streams(options.Vcpus, StepsPerStream).Generate(new PCG((uint)options.Seed, options.Seed), null, out _);
        if (GpaStreamRunner.Run(options, stream, totals) is not { } wrong)
        {
            return;
        }

        GpaStreamCommand[] shorter = StreamShrinker.Shrink(stream, candidate => GpaStreamRunner.Run(options, candidate, new GpaStreamTotals()) is not null);
        string last = GpaStreamRunner.Run(options, shorter, new GpaStreamTotals()) ?? "passes now";
        Assert.Fail(string.Create(CultureInfo.InvariantCulture,
            $"{options}: {wrong}\nIt takes {shorter.Length} commands:\n{string.Join("\n", shorter)}\n{last}"));
    }
}
