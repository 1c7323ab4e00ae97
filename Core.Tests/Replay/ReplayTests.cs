// Replay tests: real kernels' traces, and traces in which one thing is wrong.
using System;
using System.IO;
using Mmu.Tests.Vmm;
using Mmu.Vmm.Traces;
using Xunit;

namespace Mmu.Tests.Replay;

public sealed class ReplayTests
{
    private const byte Read = 0;
    private const byte Write = 1;
    private const byte UserRead = 4;

    [Theory]
    [InlineData("linux-long4-start", "answers and 31 pages compared, 0 differences")]
    [InlineData("linux-long4-user-programs", "answers and 200 pages compared, 0 differences")]
    public void BundledTracesAreAnsweredAsRecorded(string name, string verdict)
    {
        CommandRun run = CommandRun.Of("replay", TraceData.PathOf(name)).AssertOk();
        Assert.Equal(3, run.Output.Split(verdict).Length - 1);
        AssertNoLateMarks(run);
    }

    [Theory]
    [InlineData("linux-long4-boot")]
    [InlineData("linux-long4-user")]
    public void FullTracesAreAnsweredAsRecorded(string name)
    {
        string path = TraceData.FullPathOf(name);
        Assert.SkipUnless(Environment.GetEnvironmentVariable("MMU_LONG") == "1" && File.Exists(path), "MMU_LONG=1 and the full traces are needed.");
        CommandRun run = CommandRun.Of("replay", path).AssertOk();
        Assert.Equal(3, run.Output.Split(", 0 differences").Length - 1);
        AssertNoLateMarks(run);
    }

    [Fact]
    public void OneMachineCanReplayAlone()
    {
        string path = TraceData.PathOf("linux-long4-start");
        CommandRun walker = CommandRun.Of("replay", path, "--walker-only", "--limit", "1000").AssertOk();
        Assert.DoesNotContain("shadow", walker.Output, StringComparison.Ordinal);
        CommandRun shadow = CommandRun.Of("replay", path, "--shadow-only", "--limit", "1000").AssertOk();
        Assert.DoesNotContain("walker", shadow.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("soft TLB", shadow.Output, StringComparison.Ordinal);
        CommandRun tlb = CommandRun.Of("replay", path, "--tlb-only", "--limit", "1000").AssertOk();
        Assert.DoesNotContain("walker", tlb.Output, StringComparison.Ordinal);
        Assert.Contains("soft TLB", tlb.Output, StringComparison.Ordinal);
        Assert.Contains("records     1,000:", shadow.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongTranslationIsReportedWithBothWalks()
    {
        CommandRun run = Differs(w =>
        {
            TraceData.Tables(w);
            TraceData.Access(w, Read, 0x123, 0x6123);
        });
        Assert.Contains("record 6: walker: vCPU 0, supervisor read of 0x123: recorded 0x6123 in a page of 2^12 bytes, found 0x5123", run.Output, StringComparison.Ordinal);
        Assert.Contains("record 6: soft TLB: vCPU 0, supervisor read of 0x123: recorded 0x6123 in a page of 2^12 bytes, found 0x5123", run.Output, StringComparison.Ordinal);
        Assert.Contains("record 6: shadow: vCPU 0, supervisor read of 0x123:", run.Output, StringComparison.Ordinal);
        Assert.Contains("Long4 level 1: entry", run.Output, StringComparison.Ordinal);
        Assert.Contains("shadow entries, root first:", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongPageSizeIsReported() => Assert.Contains(
        "found 0x5000 in a page of 2^12 bytes",
        Differs(w =>
        {
            TraceData.Tables(w);
            w.Write(new TraceRecord { Kind = RecordKind.Access, Gpa = 0x5000, PageShift = 21 });
        }).Output,
        StringComparison.Ordinal);

    [Fact]
    public void WrongErrorCodeIsReported() => Assert.Contains(
        "recorded #PF 0x00, found #PF 0x04",
        Differs(w =>
        {
            TraceData.Tables(w);
            TraceData.Fault(w, UserRead, 0x20_0000, 0);
        }).Output,
        StringComparison.Ordinal);

    [Fact]
    public void FaultInsteadOfATranslationIsReported() => Assert.Contains(
        "recorded #PF 0x04, found 0x5000",
        Differs(w =>
        {
            TraceData.Tables(w);
            TraceData.Fault(w, UserRead, 0, 4);
        }).Output,
        StringComparison.Ordinal);

    [Fact]
    public void MissingAccessedBitIsReportedOfAllMachines()
    {
        CommandRun run = Differs(w =>
        {
            TraceData.Tables(w);
            TraceData.Access(w, Read, 0, 0x5000);
            TraceData.Page(w, RecordKind.ExpectedPage, 0x4000, (0, 0x5007), (1, 0x4007));
        });
        Assert.Contains("walker: page 0x4000: 1 entries differ, at 0x4000 recorded 0x0000000000005007, found 0x0000000000005027", run.Output, StringComparison.Ordinal);
        Assert.Contains("soft TLB: page 0x4000: 1 entries differ", run.Output, StringComparison.Ordinal);
        Assert.Contains("shadow: page 0x4000: 1 entries differ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusedControlStateIsReported() => Assert.Contains(
        "control state that the guest's CPU took is refused: IllegalCombination",
        Differs(w => w.Write(new TraceRecord { Kind = RecordKind.Control, Control = TraceData.LongMode with { Cr4 = 0 } })).Output,
        StringComparison.Ordinal);

    [Fact]
    public void OnlyTheFirstDifferencesArePrinted()
    {
        CommandRun run = Differs(w =>
        {
            TraceData.Tables(w);
            for (int i = 0; i < 50; i++)
            {
                TraceData.Access(w, Read, 0, 0x6000);
            }
        });
        Assert.Contains("further differences are only counted", run.Output, StringComparison.Ordinal);
        Assert.Contains("50 answers and 0 pages compared, 50 differences", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void StoreThroughTheTablesIsSeenWithoutAFlush() => Agrees(w =>
    {
        TraceData.Tables(w);
        TraceData.Access(w, Read, 0, 0x5000);
        TraceData.Access(w, Write, 0x1000, 0x4000);

        // Not present before, so no processor can have cached it.
        TraceData.Store(w, 0x1010, 0x4010, 0x7007);
        TraceData.Access(w, UserRead, 0x2000, 0x7000);
        TraceData.Page(w, RecordKind.ExpectedPage, 0x4000, (0, 0x5027), (1, 0x4067), (2, 0x7027));
    });

    [Fact]
    public void StoreAndInvalidationChangeATranslation() => Agrees(w =>
    {
        TraceData.Tables(w);
        TraceData.Access(w, Read, 0, 0x5000);
        TraceData.Access(w, Write, 0x1000, 0x4000);
        TraceData.Store(w, 0x1000, 0x4000, 0x7007);
        w.Write(new TraceRecord { Kind = RecordKind.InvalidatePage, Gva = 0 });
        TraceData.Access(w, Read, 0x10, 0x7010);
        w.Write(new TraceRecord { Kind = RecordKind.HostStore, Gpa = 0x4000, Selector = 8, Value = 0x8007 });
        w.Write(new TraceRecord { Kind = RecordKind.Flush, Selector = 0 });
        TraceData.Access(w, Read, 0x10, 0x8010);
        w.Write(new TraceRecord { Kind = RecordKind.InvalidatePcid, Selector = 2 });
        TraceData.Access(w, Read, 0x10, 0x8010);
    });

    [Fact]
    public void AddressesOutsideMemoryAreAnsweredLikeOthers() => Agrees(w =>
    {
        TraceData.Tables(w);
        TraceData.Access(w, Write, 0x1000, 0x4000);
        TraceData.Store(w, 0x1010, 0x4010, 0xFEE0_0007);
        TraceData.Access(w, Write, 0x2030, 0xFEE0_0030);
        TraceData.Access(w, Write, 0x2030, 0xFEE0_0030);
    });

    [Fact]
    public void StoreThatOnlyTheRecordedTlbCouldTranslateIsMade() => Agrees(w =>
    {
        TraceData.Tables(w);
        TraceData.Access(w, Write, 0x1000, 0x4000);
        TraceData.Store(w, 0x1008, 0x4008, 0);
        w.Write(new TraceRecord { Kind = RecordKind.InvalidatePcid, Selector = 2 });
        TraceData.Store(w, 0x1010, 0x4010, 0x7007);
        TraceData.Access(w, Read, 0x2000, 0x7000);
    });

    [Fact]
    public void MarksThatTheGuestClearsWithoutAFlushAreSetWhenTheRecordedTlbMisses()
    {
        CommandRun run = Agrees(w =>
        {
            TraceData.Tables(w);
            TraceData.Access(w, Write, 0x1000, 0x4000);
            TraceData.Access(w, Write, 0, 0x5000);
            TraceData.Store(w, 0x1000, 0x4000, 0x5047);
            TraceData.Access(w, Read, 0, 0x5000);
            TraceData.Store(w, 0x1000, 0x4000, 0x5027);
            TraceData.Access(w, Write, 0, 0x5000);
            TraceData.Page(w, RecordKind.ExpectedPage, 0x4000, (0, 0x5067), (1, 0x4067));
        });
        Assert.Contains("cleared A in 1 and D in 1, and flushed nothing", run.Output, StringComparison.Ordinal);
    }

    // These guests clear no accessed or dirty bit without a flush: a bit that comes late was never set when it should have been.
    private static void AssertNoLateMarks(CommandRun run) => Assert.DoesNotContain("flushed nothing", run.Output, StringComparison.Ordinal);

    private static CommandRun Agrees(TraceData.Script script)
    {
        using var file = new TempFile(TraceData.Build(script));
        return CommandRun.Of("replay", file.Path).AssertOk();
    }

    private static CommandRun Differs(TraceData.Script script)
    {
        using var file = new TempFile(TraceData.Build(script));
        CommandRun run = CommandRun.Of("replay", file.Path);
        Assert.Equal((1, string.Empty), (run.ExitCode, run.Error));
        return run;
    }
}
