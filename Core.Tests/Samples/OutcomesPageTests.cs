// docs/outcomes.md names every answer.
using System;
using System.IO;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Snapshots;
using Mmu.Vm;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Samples;

public sealed class OutcomesPageTests
{
    [Theory]
    [InlineData(typeof(WalkOutcome))]
    [InlineData(typeof(FaultCause))]
    [InlineData(typeof(FaultOutcome))]
    [InlineData(typeof(SoftTlbOutcome))]
    [InlineData(typeof(RootStatus))]
    [InlineData(typeof(ControlStateStatus))]
    [InlineData(typeof(InvalidateStatus))]
    public void ItNamesEveryAnswer(Type outcomes)
    {
        string page = File.ReadAllText(Path.Combine(SnapshotData.Repository, "docs", "outcomes.md"));
        int start = page.IndexOf($"`{outcomes.Name}`", StringComparison.Ordinal);
        Assert.True(start >= 0, $"No section on {outcomes.Name}");
        int end = page.IndexOf("\n## ", start, StringComparison.Ordinal);
        string section = end < 0 ? page[start..] : page[start..end];
        Assert.All(Enum.GetNames(outcomes), name => Assert.Contains($"`{name}`", section, StringComparison.Ordinal));
    }
}
