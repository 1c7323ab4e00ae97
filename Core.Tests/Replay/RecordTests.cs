// Replay tests: what is recorded can be replayed, and says the same.
using System.IO;
using Mmu.Tests.Vmm;
using Mmu.Vmm.Traces;
using Xunit;

namespace Mmu.Tests.Replay;

public sealed class RecordTests
{
    [Theory]
    [InlineData("linux-long4-start")]
    [InlineData("linux-long4-user-programs")]
    public void WholeRecordingEqualsWhatWasReplayed(string name)
    {
        using var copy = new TempFile([]);
        _ = CommandRun.Of("replay", TraceData.PathOf(name), "--record", copy.Path).AssertOk();
        Assert.Equal(TraceData.Plain(File.ReadAllBytes(TraceData.PathOf(name))), TraceData.Plain(File.ReadAllBytes(copy.Path)));
    }

    [Theory]
    [InlineData("linux-long4-start", "20000", "40000")]
    [InlineData("linux-long4-user-programs", "30000", "30001")]
    [InlineData("linux-long4-user-programs", "1", "5000")]
    public void WindowIsACompleteTrace(string name, string from, string to)
    {
        using var window = new TempFile([]);
        _ = CommandRun.Of("replay", TraceData.PathOf(name), "--record", window.Path, "--record-from", from, "--limit", to).AssertOk();
        _ = CommandRun.Of("replay", window.Path).AssertOk();
    }

    [Fact]
    public void RecordingHoldsTheAnswersFoundNotThoseRecorded()
    {
        using var wrong = new TempFile(TraceData.Build(w =>
        {
            TraceData.Tables(w);
            TraceData.Access(w, 0, 0x123, 0x6123);
            TraceData.Fault(w, 4, 0, 5);
        }));
        using var right = new TempFile([]);
        Assert.Equal(1, CommandRun.Of("replay", wrong.Path, "--record", right.Path).ExitCode);
        _ = CommandRun.Of("replay", right.Path).AssertOk();
    }

    [Fact]
    public void WindowBeyondTheEndIsRefused()
    {
        using var window = new TempFile([]);
        CommandRun.Of("replay", TraceData.PathOf("linux-long4-start"), "--record", window.Path, "--record-from", "100000000")
            .AssertRefused("--record-from 100000000 lies beyond the end");
    }

    [Fact]
    public void EveryFieldOfEveryRecordSurvives()
    {
        byte[] trace = TraceData.Build(w =>
        {
            TraceData.Tables(w);
            w.Write(new TraceRecord { Kind = RecordKind.Control, Vcpu = 255, Control = TraceData.LongMode with { Pkru = 0x8765_4321 } });
            w.Write(new TraceRecord { Kind = RecordKind.InvalidatePcid, Vcpu = 255, Selector = 1, Pcid = 0xFEDC, Gva = ulong.MaxValue });
            w.Write(new TraceRecord { Kind = RecordKind.InvalidatePage, Gva = 0xFFFF_8123_4567_89AB });
            w.Write(new TraceRecord { Kind = RecordKind.Store, Vcpu = 1, Selector = 4, Gva = 1, Gpa = 2, Value = 3 });
            w.Write(new TraceRecord { Kind = RecordKind.HostStore, Selector = 2, Gpa = 0x1234, Value = ulong.MaxValue });
            TraceData.Fault(w, 0x1E, 0xABC, 0x17);
            TraceData.Access(w, 0x11, 0xABC, 0xF_FFFF_FFFF_FFFF);
            TraceData.Page(w, RecordKind.ExpectedPage, 0x7000, (511, 42));
        });
        using var reader = TraceReader.Read(new MemoryStream(trace), "trace");
        Assert.Equal(TraceData.Header, reader.Header);
        using var again = new MemoryStream();
        using (var writer = new TraceWriter(again, reader.Header))
        {
            while (reader.TryRead(out TraceRecord record))
            {
                writer.Write(record);
            }

            writer.Finish();
        }

        Assert.Equal(trace, again.ToArray());
    }
}
