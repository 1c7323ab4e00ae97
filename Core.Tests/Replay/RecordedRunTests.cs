// Replay tests: a run of `mmu run` is a trace, whatever its processor was.
using System;
using System.IO;
using Mmu.Tests.Vmm;
using Mmu.Vmm.Run.Processors.Kvm;
using Mmu.Vmm.Run.Processors.Qemu;
using Mmu.Vmm.Traces;
using Xunit;

namespace Mmu.Tests.Replay;

public sealed class RecordedRunTests
{
    private delegate bool Change(ref TraceRecord record);

    [Theory]
    [InlineData("model", "long4")]
    [InlineData("model", "pae")]
    [InlineData("model", "bits32")]
    [InlineData("kvm", "long4")]
    [InlineData("qemu", "long4")]
    [InlineData("qemu", "bits32")]
    public void RecordedRunIsReplayedWithoutDifferences(string cpu, string mode)
    {
        Assert.SkipUnless(
            cpu switch { "kvm" => KvmProcessor.IsThere(), "qemu" => QemuProcessor.IsThere(), _ => true }, $"The processor {cpu} is not there.");
        using var trace = new TempFile([]);
        _ = CommandRun.Of("run", "--cpu", cpu, "--mode", mode, "--steps", "300", "--pages", "16", "--record", trace.Path).AssertOk();
        CommandRun replay = CommandRun.Of("replay", trace.Path).AssertOk();
        Assert.Equal(3, replay.Output.Split(", 0 differences").Length - 1);
        Assert.Contains(", Inject ", replay.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ManyAddressSpacesAndTablesAreReplayedToo()
    {
        using var trace = new TempFile([]);
        _ = CommandRun.Of("run", "--cpu", "model", "--steps", "2000", "--pages", "1024", "--processes", "6", "--seed", "3", "--record", trace.Path).AssertOk();
        _ = CommandRun.Of("replay", trace.Path).AssertOk();
    }

    [Fact]
    public void ChangedRecordingIsNoticed()
    {
        using var trace = new TempFile([]);
        _ = CommandRun.Of("run", "--cpu", "model", "--steps", "300", "--pages", "16", "--record", trace.Path).AssertOk();
        AssertNoticed(trace.Path, static (ref TraceRecord r) => r.Kind == RecordKind.Access && !r.HasFaulted && (r.Gpa ^= 0x1000) != 0);
        AssertNoticed(trace.Path, static (ref TraceRecord r) => r.Kind == RecordKind.Access && r.HasFaulted && (r.ErrorCode ^= 2) < 32);
        AssertNoticed(trace.Path, static (ref TraceRecord r) => r.Kind == RecordKind.HostStore && (r.Value ^= 1UL << 40) != 0);
        AssertNoticed(trace.Path, static (ref TraceRecord r) => r.Kind == RecordKind.Control && (r.Control = r.Control with { Cr3 = 0 }).Cr3 == 0);
    }

    [Fact]
    public void GuestThatIsStoppedLeavesACompleteRecording()
    {
        // QEMU is fast natively and slow with a monitor: the time is up on shadow tables.
        Assert.SkipUnless(QemuProcessor.IsThere(), "QEMU is not there.");
        using var trace = new TempFile([]);
        CommandRun.Of("run", "--cpu", "qemu", "--steps", "20000", "--timeout", "1", "--record", trace.Path)
            .AssertRefused("has not come to its end on shadow tables");
        _ = CommandRun.Of("replay", trace.Path).AssertOk();
    }

    [Theory]
    [InlineData("not --compare", "--compare")]
    [InlineData("not --cpu all", "--cpu", "all")]
    public void WhatIsNotOneRunOfTheGuestIsNotRecorded(string reason, params string[] options) =>
        CommandRun.Of(["run", .. options, "--record", "/tmp/never"]).AssertRefused(reason);

    [Fact]
    public void RecordingThatCannotBeCreatedIsRefused() =>
        CommandRun.Of("run", "--cpu", "model", "--steps", "10", "--record", "/no/such/folder/trace").AssertRefused("cannot be created");

    // Changes the first record that can be.
    private static void AssertNoticed(string path, Change change)
    {
        using var reader = TraceReader.Open(path);
        using var stream = new MemoryStream();
        bool changed = false;
        using (var writer = new TraceWriter(stream, reader.Header))
        {
            while (reader.TryRead(out TraceRecord record))
            {
                changed = changed || change(ref record);
                writer.Write(record);
            }

            writer.Finish();
        }

        Assert.True(changed);
        using var wrong = new TempFile(stream.ToArray());
        CommandRun run = CommandRun.Of("replay", wrong.Path);
        Assert.Equal((1, string.Empty), (run.ExitCode, run.Error));
    }
}
