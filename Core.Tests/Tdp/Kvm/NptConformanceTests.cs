// KVM conformance, nested paging: the decisions that Linux 6.12 took with its TDP MMU for a 64-bit guest.
using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Mmu.Tests.Tdp.Kvm;

public sealed class NptConformanceTests(ITestOutputHelper output)
{
    // What was compared, and how often the decisions were alike.
    private static readonly Dictionary<string, int> _alike = new(StringComparer.Ordinal)
    {
        ["audit"] = 1,
        ["changed leaf: A and D"] = 2087,
        ["changed leaf: frame"] = 2088,
        ["changed leaf: host- and MMU-writable"] = 2088,
        ["changed leaf: level"] = 2088,
        ["changed leaf: page size"] = 2088,
        ["changed leaf: rights"] = 2087,
        ["dirty frame"] = 330,
        ["entry of a table"] = 6,
        ["fault taken"] = 675,
        ["huge pages split"] = 1,
        ["leaf at the end: A and D"] = 3,
        ["leaf at the end: frame"] = 3,
        ["leaf at the end: host- and MMU-writable"] = 3,
        ["leaf at the end: level"] = 3,
        ["leaf at the end: page size"] = 3,
        ["leaf at the end: rights"] = 3,
        ["leaf without the lock: A and D"] = 440,
        ["leaf without the lock: frame"] = 440,
        ["leaf without the lock: host- and MMU-writable"] = 440,
        ["leaf without the lock: level"] = 440,
        ["leaf without the lock: page size"] = 440,
        ["leaf without the lock: rights"] = 440,
        ["leaf: A and D"] = 221,
        ["leaf: frame"] = 222,
        ["leaf: host- and MMU-writable"] = 222,
        ["leaf: level"] = 222,
        ["leaf: page size"] = 222,
        ["leaf: rights"] = 221,
        ["outcome"] = 662,
        ["outcome: to be tried again"] = 16,
        ["removed leaf"] = 16,
        ["root"] = 1,
        ["table zapped"] = 3,
        ["table"] = 6,
        ["tables made"] = 679,
        ["unmapped"] = 1,
    };

    // docs/differences.md says why.
    private static readonly Dictionary<string, int> _differences = new(StringComparer.Ordinal)
    {
        ["huge page put back in place"] = 10,
    };

    [Fact]
    public void EveryDecisionIsThatOfKvmOrAKnownDifference()
    {
        using NptJudge judge = new(NptLog.Read());
        judge.Run();
        foreach (string line in Lines(judge.Alike))
        {
            output.WriteLine(line);
        }

        Assert.Empty(judge.Differences.Where(d => d.Reason is null).Select(d => d.ToString()));
        Assert.Equal(Lines(_alike), Lines(judge.Alike));
        Assert.Equal(Lines(_differences), Lines(judge.Differences.GroupBy(d => d.Reason!).ToDictionary(g => g.Key, g => g.Count())));
    }

    private static IEnumerable<string> Lines(IReadOnlyDictionary<string, int> counts) =>
        counts.Select(pair => $"{pair.Key}: {pair.Value}").Order(StringComparer.Ordinal);
}
