// Replay tests: what the software TLB may say to accesses that missed the recorded one.
using System;
using Mmu.Tests.Vmm;
using Mmu.Vmm.Traces;
using Xunit;

namespace Mmu.Tests.Replay;

public sealed class SoftTlbReplayTests
{
    private const byte Read = 0;
    private const byte Write = 1;

    [Fact]
    public void HitsAndMissesAreCounted()
    {
        CommandRun run = Replay(w =>
        {
            TraceData.Tables(w);

            // The access that sets a mark is not cached, the next one is.
            for (ulong i = 0; i < 3; i++)
            {
                TraceData.Access(w, Read, i, 0x5000 + i);
                TraceData.Access(w, Write, i, 0x5000 + i);
            }

            TraceData.Fault(w, Read, 0x8000, 0);
        }).AssertOk();
        Assert.Contains("accesses  hits 2 (28.6 %), misses 5, Memory 4, Fault 1", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void HitThatIsNotTheRecordedTranslationIsADifference()
    {
        // Legal for a processor, but the recorded one had to walk: it saw what the tables said.
        CommandRun run = Replay(w =>
        {
            StaleTranslation(w);
            TraceData.Access(w, Read, 0, 0x7000);
        });
        Assert.Equal((1, string.Empty), (run.ExitCode, run.Error));
        Assert.Contains("soft TLB: vCPU 0, supervisor read of 0x0: recorded 0x7000 in a page of 2^12 bytes, found 0x5000", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void InvalidationDropsWhatWasCached() => _ = Replay(w =>
    {
        StaleTranslation(w);
        w.Write(new TraceRecord { Kind = RecordKind.InvalidatePage, Gva = 0 });
        TraceData.Access(w, Read, 0, 0x7000);
    }).AssertOk();

    [Fact]
    public void StoreThatTheTlbSendsElsewhereIsADifference()
    {
        CommandRun run = Replay(w =>
        {
            TraceData.Tables(w);
            TraceData.Page(w, RecordKind.Page, 0x7000);
            TraceData.Access(w, Write, 0x1000, 0x4000);
            TraceData.Access(w, 0x11, 0, 0x5000);
            TraceData.Access(w, 0x11, 0, 0x5000);

            // The tables already name another page, with its marks, when the guest stores there; the TLB was never told.
            TraceData.Store(w, 0x1000, 0x4000, 0x7067);
            TraceData.Store(w, 0, 0x7000, 1);
        });
        Assert.Equal((1, string.Empty), (run.ExitCode, run.Error));
        Assert.Contains("a store to 0x0 (0x7000): it went to 0x5000", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void StoreToARootIsAnnounced()
    {
        CommandRun run = Replay(w =>
        {
            TraceData.Page(w, RecordKind.Page, 0x1000, (0, 0x2067));
            TraceData.Page(w, RecordKind.Page, 0x2000, (0, 0x3067));
            TraceData.Page(w, RecordKind.Page, 0x3000, (0, 0x4067));
            TraceData.Page(w, RecordKind.Page, 0x4000, (0, 0x1067));
            w.Write(new TraceRecord { Kind = RecordKind.Control, Control = TraceData.LongMode });
            TraceData.Store(w, 0x8, 0x1008, 0x2067);
            TraceData.Access(w, Read, 0x80_0000_0010, 0x1010);
        }).AssertOk();
        Assert.Contains("stores    hits 0 (0.0 %), misses 1, Announce 1", run.Output, StringComparison.Ordinal);
    }

    // Page 0 is cached at 0x5000, and then maps 0x7000.
    private static void StaleTranslation(TraceWriter writer)
    {
        TraceData.Tables(writer);
        TraceData.Access(writer, Read, 0, 0x5000);
        TraceData.Access(writer, Read, 0, 0x5000);
        TraceData.Access(writer, Write, 0x1000, 0x4000);
        TraceData.Store(writer, 0x1000, 0x4000, 0x7007);
    }

    private static CommandRun Replay(TraceData.Script script)
    {
        using var file = new TempFile(TraceData.Build(script));
        return CommandRun.Of("replay", file.Path, "--tlb-only");
    }
}
