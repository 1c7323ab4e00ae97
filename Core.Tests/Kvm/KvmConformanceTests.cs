// KVM conformance: the decisions that Linux 6.12 took with shadow tables for a 64-bit guest.
using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Mmu.Tests.Kvm;

public sealed class KvmConformanceTests
{
    // What was compared, and how often the decisions were alike.
    private static readonly Dictionary<string, int> _alike = new(StringComparer.Ordinal)
    {
        ["accessed bits"] = 1980,
        ["audit"] = 1,
        ["dirty bits"] = 1980,
        ["dirty frame"] = 297,
        ["emulator's walk"] = 915,
        ["fault taken"] = 1019,
        ["guest store"] = 229,
        ["leaf"] = 1048,
        ["neighbour's rights"] = 518,
        ["neighbour's rights: A and D"] = 518,
        ["neighbour's rights: MMU-writable"] = 518,
        ["neighbour's rights: host-writable"] = 518,
        ["neighbour's rights: page size"] = 518,
        ["neighbours"] = 1045,
        ["other bits"] = 1980,
        ["outcome"] = 1065,
        ["page"] = 16,
        ["pages made"] = 1049,
        ["rights"] = 1020,
        ["rights: A and D"] = 1019,
        ["rights: MMU-writable"] = 1020,
        ["rights: host-writable"] = 1030,
        ["rights: page size"] = 1046,
        ["sync"] = 114,
        ["unsync"] = 1048,
        ["unsync page"] = 115,
    };

    // docs/differences.md says why.
    private static readonly Dictionary<string, int> _differences = new(StringComparer.Ordinal)
    {
        ["host pages of a fixed slot are writable"] = 112,
        ["neighbours in a slot with a dirty log"] = 1,
        ["D of an entry that was mapped before"] = 1,
        ["a read in a slot with a dirty log maps no W"] = 33,
    };

    [Fact]
    public void EveryDecisionIsThatOfKvmOrAKnownDifference()
    {
        using var judge = new KvmJudge(KvmLog.Read("kvm-shadow-l"));
        judge.Run();
        Assert.Empty(judge.Differences.Where(d => d.Reason is null).Select(d => d.ToString()));
        Assert.Equal(Lines(_alike), Lines(judge.Alike));
        Assert.Equal(Lines(_differences), Lines(judge.Differences.GroupBy(d => d.Reason!).ToDictionary(g => g.Key, g => g.Count())));
    }

    [Fact]
    public void LogIsReadWhole()
    {
        List<KvmStep> steps = KvmLog.Read("kvm-shadow-l");
        Assert.Equal(1065, steps.Count(step => step.Kind == KvmStepKind.Fault));
        Assert.Equal(1980 - 1065, steps.Count(step => step.Kind == KvmStepKind.Walk));
        Assert.Equal(114, steps.Count(step => step.Kind == KvmStepKind.Sync));
        Assert.Equal(23, steps.Count(step => step.Kind == KvmStepKind.Mark));
        Assert.Equal(2, steps.Count(step => step.Kind == KvmStepKind.Root));
        Assert.Equal(7848, steps.Sum(step => step.Entries.Count));
        Assert.Equal(1564, steps.Sum(step => step.Sptes.Count));
        Assert.Equal(115, steps.Sum(step => step.Accessed.Count));
        Assert.Equal(100, steps.Sum(step => step.Dirty.Count));
        Assert.Equal(115, steps.Sum(step => step.Unsynced.Count));
    }

    private static IEnumerable<string> Lines(IReadOnlyDictionary<string, int> counts) =>
        counts.Select(pair => $"{pair.Key}: {pair.Value}").Order(StringComparer.Ordinal);
}
