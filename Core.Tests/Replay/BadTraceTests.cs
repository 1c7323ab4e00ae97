// Replay tests: files that are no traces, are cut short, or cannot be meant so: one line with the offset, exit code 2.
using System.Globalization;
using System.IO;
using Mmu.Tests.Snapshots;
using Mmu.Tests.Vmm;
using Mmu.Vmm.Traces;
using Xunit;

namespace Mmu.Tests.Replay;

public sealed class BadTraceTests
{
    private static readonly byte[] _good = TraceData.Build(w =>
    {
        TraceData.Tables(w);
        TraceData.Access(w, 0, 0, 0x5000);
    });

    // The metadata ends here, the first record starts here.
    private static readonly int _first = TraceHeader.FixedBytes + TraceData.Header.Metadata.Length;

    [Fact]
    public void MissingFilesAndDirectoriesAreRefused()
    {
        CommandRun.Of("replay", "/nowhere/trace.gz").AssertRefused("/nowhere/trace.gz: cannot be opened");
        CommandRun.Of("replay", Path.GetTempPath()).AssertRefused("cannot be opened");
    }

    [Theory]
    [InlineData("la48")]
    [InlineData("nonpae32")]
    public void ForeignFilesAreRefused(string name) =>
        CommandRun.Of("replay", SnapshotData.PathOf(name, "pagetables.bin.gz")).AssertRefused("not an MMU trace: no MMUTRC1 header at offset 0");

    [Fact]
    public void EmptyFilesAreRefused() => Refused([], "not an MMU trace");

    [Fact]
    public void EveryPrefixOfATraceIsRefused()
    {
        byte[] plain = TraceData.Plain(_good);
        for (int length = 0; length < plain.Length; length += length < 200 || length > plain.Length - 60 ? 1 : 997)
        {
            Refused(plain[..length], length < TraceHeader.FixedBytes ? "not an MMU trace" : "truncated");
        }
    }

    [Fact]
    public void EveryPrefixOfACompressedTraceIsRefused()
    {
        for (int length = 0; length < _good.Length; length++)
        {
            Refused(_good[..length], ": ");
        }
    }

    [Fact]
    public void TruncationNamesTheRecordAndItsOffset()
    {
        byte[] plain = TraceData.Plain(_good);
        int last = plain.Length - TraceFormat.LengthOf(RecordKind.End);
        Refused(plain[..last], string.Create(CultureInfo.InvariantCulture, $"truncated: a record at offset {last} is not complete"));
        Refused(plain[..(_first + 5)], string.Create(CultureInfo.InvariantCulture, $"truncated: a record of type M at offset {_first} is not complete"));
    }

    [Theory]
    [InlineData(8, 31, "corrupt at offset 0: MAXPHYADDR 31, expected 32 to 52")]
    [InlineData(8, 53, "corrupt at offset 0: MAXPHYADDR 53, expected 32 to 52")]
    [InlineData(12, 1, "bytes of guest memory, expected whole pages up to 1 TiB")]
    [InlineData(18, 1, "bytes of guest memory, expected whole pages up to 1 TiB")]
    [InlineData(23, 1, "bytes of metadata, expected at most 1048576")]
    public void ImpossibleHeadersAreRefused(int at, byte value, string reason) => Refused(Changed(at, value), reason);

    [Theory]
    [InlineData(0, (byte)'Q', "unknown record type 0x51")]
    [InlineData(1, 1, "page 0x1001 is not aligned")]
    [InlineData(4, 1, "page 0x1001000 is not aligned, or outside guest memory of 0x100000 bytes")]
    public void ImpossibleRecordsAreRefused(int at, byte value, string reason) => Refused(
        Changed(_first + at, value), string.Create(CultureInfo.InvariantCulture, $"corrupt at offset {_first}: {reason}"));

    [Fact]
    public void ImpossibleFieldsAreRefused()
    {
        Refused(new TraceRecord { Kind = RecordKind.Access, Selector = 3, PageShift = 12 }, "access kind 0x03");
        Refused(new TraceRecord { Kind = RecordKind.Access, Selector = 64, PageShift = 12 }, "access kind 0x40");
        Refused(new TraceRecord { Kind = RecordKind.Access, PageShift = 13 }, "in a page of 2^13 bytes");
        Refused(new TraceRecord { Kind = RecordKind.Flush, Selector = 2 }, "flush kind 2");
        Refused(new TraceRecord { Kind = RecordKind.InvalidatePcid, Selector = 4 }, "INVPCID type 4");
        Refused(new TraceRecord { Kind = RecordKind.Store, Selector = 3 }, "a store of 3 bytes");
        Refused(new TraceRecord { Kind = RecordKind.Store, Selector = 8, Gpa = 0xF_FFFF }, "a store to 0xfffff, outside guest memory");
        Refused(new TraceRecord { Kind = RecordKind.HostStore, Selector = 8, Gpa = ulong.MaxValue }, "outside guest memory");
    }

    [Theory]
    [InlineData((byte)RecordKind.Access)]
    [InlineData((byte)RecordKind.Flush)]
    [InlineData((byte)RecordKind.InvalidatePage)]
    [InlineData((byte)RecordKind.InvalidatePcid)]
    [InlineData((byte)RecordKind.Store)]
    public void VcpusWithoutControlStateAreRefused(byte kind) => Refused(
        TraceData.Build(w =>
        {
            TraceData.Tables(w);
            w.Write(new TraceRecord { Kind = (RecordKind)kind, Vcpu = 7, Selector = (byte)(kind == (byte)RecordKind.Store ? 1 : 0), PageShift = 12 });
        }),
        "vCPU 7 has no control state yet");

    [Fact]
    public void WrongRecordCountsAreRefused()
    {
        byte[] plain = TraceData.Plain(_good);
        plain[^8]++;
        Refused(plain, "the end record counts 7 records, there are 6");
    }

    [Fact]
    public void DataAfterTheEndIsRefused() => Refused([.. TraceData.Plain(_good), 0], "data after the end record");

    [Fact]
    public void ChangedCompressedBytesAreRefused()
    {
        byte[] bytes = (byte[])_good.Clone();
        bytes[^6] ^= 1;
        Refused(bytes, ": ");
    }

    [Fact]
    public void OptionsThatContradictEachOtherAreRefused()
    {
        string path = TraceData.PathOf("linux-long4-start");
        CommandRun.Of("replay", path, "--walker-only", "--shadow-only").AssertRefused("exclude each other");
        CommandRun.Of("replay", path, "--record-from", "5").AssertRefused("--record-from needs --record");
        CommandRun.Of("replay", path, "--record", "/tmp/x", "--record-from", "5", "--limit", "5").AssertRefused("nothing is left to record");
        CommandRun.Of("replay", path, "--record", "/nowhere/x").AssertRefused("/nowhere/x: cannot be created");
        CommandRun.Of("replay", path, "--limit", "-1").AssertRefused("-1");
        CommandRun.Of("replay").AssertRefused("Required argument missing");
    }

    private static byte[] Changed(int at, byte value)
    {
        byte[] plain = TraceData.Plain(_good);
        plain[at] = value;
        return plain;
    }

    private static void Refused(in TraceRecord record, string reason)
    {
        using var stream = new MemoryStream();
        using (var writer = new TraceWriter(stream, TraceData.Header))
        {
            writer.Write(record);
            writer.Finish();
        }

        Refused(stream.ToArray(), reason);
    }

    private static void Refused(byte[] trace, string reason)
    {
        using var file = new TempFile(trace);
        CommandRun.Of("replay", file.Path).AssertRefused(reason);
    }
}
