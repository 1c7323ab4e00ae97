// Shadow judge: long random streams of commands against the model. MMU_LONG=1 makes them many more.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using CsCheck;
using Mmu.Architecture;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;
using Xunit;

namespace Mmu.Tests.Shadow;

public sealed class StreamTests(ITestOutputHelper output)
{
    private const int StepsPerStream = 700;
    private const int LongFactor = 50;

    private static readonly Dictionary<string, StreamOptions> _machines = new(StringComparer.Ordinal)
    {
        ["4-level"] = new() { Modes = [OracleMode.Level4], Vcpus = 2 },
        ["4-level, 3 vCPUs"] = new() { Modes = [OracleMode.Level4], Vcpus = 3 },
        ["5-level"] = new() { Modes = [OracleMode.Level5] },
        ["PAE"] = new() { Modes = [OracleMode.Pae] },
        ["32-bit"] = new() { Modes = [OracleMode.Bits32] },
        ["unpaged"] = new() { Modes = [OracleMode.Off] },
        ["every mode"] = new() { Modes = [OracleMode.Level4, OracleMode.Pae, OracleMode.Bits32, OracleMode.Off, OracleMode.Level5] },
        ["one vCPU, AMD, narrow, no 1-GiB pages"] = new()
        {
            Vcpus = 1,
            Modes = [OracleMode.Level4, OracleMode.Pae],
            Features = new CpuFeatures { Vendor = CpuVendor.Amd, PhysicalAddressBits = 40, Pages1G = false, ShadowStacks = false, Lam = false },
        },
        ["small quota"] = new() { Modes = [OracleMode.Level4, OracleMode.Bits32], TableQuota = 24 },
        ["tiny arena"] = new() { Modes = [OracleMode.Level4, OracleMode.Pae], TablePages = 40 },
    };

    public static IEnumerable<TheoryDataRow<string>> Machines => _machines.Keys.Select(name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(Machines))]
    public void EveryStepIsAsTheModelSays(string machine) => Run(_machines[machine], silent: false, streams: 2);

    // A page in step with itself writable; a key that CR0.WP=0 overrules.
    [Theory]
    [InlineData("4-level", 7)]
    [InlineData("4-level, 3 vCPUs", 23)]
    [InlineData("5-level", 19)]
    [InlineData("PAE", 26)]
    [InlineData("32-bit", 5)]
    [InlineData("one vCPU, AMD, narrow, no 1-GiB pages", 2)]
    public void SeedsThatFoundMistakesPassNow(string machine, ulong seed) =>
        RunOne(_machines[machine] with { Seed = seed }, silent: false, new StreamTotals());

    [Theory]
    [InlineData("4-level")]
    [InlineData("every mode")]
    public void MemoryThatChangesUnannouncedHarmsNobodyElse(string machine) => Run(_machines[machine], silent: true, streams: 2);

    [Theory]
    [InlineData("4-level, 3 vCPUs")]
    [InlineData("every mode")]
    public void DirtyLogsMissNothing(string machine)
    {
        StreamTotals totals = new();
        for (uint i = 0; i < Factor; i++)
        {
            RunOne(_machines[machine] with { Seed = 1001 + i }, silent: false, totals, logged: true);
        }

        output.WriteLine(totals.ToString());
    }

    private static int Factor => Environment.GetEnvironmentVariable("MMU_LONG") is { Length: > 0 } ? LongFactor : 1;

    private void Run(StreamOptions options, bool silent, int streams)
    {
        StreamTotals totals = new();
        for (uint i = 0; i < streams * Factor; i++)
        {
            RunOne(options with { Seed = 1 + i }, silent, totals);
        }

        output.WriteLine(totals.ToString());
    }

    private static void RunOne(StreamOptions options, bool silent, StreamTotals totals, bool logged = false)
    {
        StreamCommand[] stream = (logged
            ? StreamGen.LoggedStreams(options.Vcpus, StepsPerStream, StepsPerStream)
            : StreamGen.Streams(options.Vcpus, StepsPerStream, StepsPerStream, silent))
            .Generate(new PCG((uint)options.Seed, options.Seed), null, out _);
        if (StreamRunner.Run(options, stream, totals) is not { } wrong)
        {
            return;
        }

        StreamCommand[] shorter = StreamShrinker.Shrink(stream, candidate => StreamRunner.Run(options, candidate, new StreamTotals()) is not null);
        string last = StreamRunner.Run(options, shorter, new StreamTotals()) ?? "passes now";
        Assert.Fail(string.Create(CultureInfo.InvariantCulture,
            $"{options}: {wrong}\nIt takes {shorter.Length} commands:\n{string.Join("\n", shorter)}\n{last}"));
    }
}
