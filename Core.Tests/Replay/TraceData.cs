// Replay tests: where the traces lie, and traces made by hand.
using System;
using System.IO;
using System.IO.Compression;
using Mmu.Architecture;
using Mmu.Tests.Snapshots;
using Mmu.Vmm.Traces;

namespace Mmu.Tests.Replay;

/// <summary>Traces for tests.</summary>
internal static class TraceData
{
    /// <summary>CR0.PG and PE, CR4.PAE, EFER.LMA, LME and NXE, root at 0x1000.</summary>
    internal static readonly ControlState LongMode = new() { Cr0 = 0x8001_0001, Cr3 = 0x1000, Cr4 = 0x20, Efer = 0xD00 };

    /// <summary>A guest with 1 MiB of memory and every feature.</summary>
    internal static readonly TraceHeader Header = new(40, (TraceFeatures)0xBF, 1 << 20, "{\"name\":\"test\"}");

    /// <summary>An action on a writer.</summary>
    internal delegate void Script(TraceWriter writer);

    /// <summary>Path of a bundled trace.</summary>
    internal static string PathOf(string name) => Path.Combine(SnapshotData.Repository, "data", "traces", name + ".mmutrc.gz");

    /// <summary>Path of a full trace, which is not in the repository.</summary>
    internal static string FullPathOf(string name) =>
        Path.Combine(SnapshotData.Repository, "..", "shared", "data", "traces", name + ".mmutrc.gz");

    /// <summary>A complete trace, gzipped.</summary>
    internal static byte[] Build(Script script)
    {
        using var stream = new MemoryStream();
        using (var writer = new TraceWriter(stream, Header))
        {
            script(writer);
            writer.Finish();
        }

        return stream.ToArray();
    }

    /// <summary>The bytes of a trace, not compressed.</summary>
    internal static byte[] Plain(byte[] compressed)
    {
        using var stream = new GZipStream(new MemoryStream(compressed), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        stream.CopyTo(plain);
        return plain.ToArray();
    }

    /// <summary>
    /// A guest that maps 4 KiB at 0 to 0x5000 and reads there: tables at 0x1000 to 0x4000, of which the last may be written at 0x4000 through
    /// address 0x1000.
    /// </summary>
    internal static void Tables(TraceWriter writer)
    {
        Page(writer, RecordKind.Page, 0x1000, (0, 0x2007));
        Page(writer, RecordKind.Page, 0x2000, (0, 0x3007));
        Page(writer, RecordKind.Page, 0x3000, (0, 0x4007));
        Page(writer, RecordKind.Page, 0x4000, (0, 0x5007), (1, 0x4007));
        writer.Write(new TraceRecord { Kind = RecordKind.Control, Control = LongMode });
    }

    /// <summary>Writes a page record of entries.</summary>
    internal static void Page(TraceWriter writer, RecordKind kind, ulong gpa, params (int Index, ulong Entry)[] entries)
    {
        var page = new byte[TraceRecord.PageBytes];
        foreach ((int index, ulong entry) in entries)
        {
            BitConverter.TryWriteBytes(page.AsSpan(index * 8), entry);
        }

        writer.Write(new TraceRecord { Kind = kind, Gpa = gpa, Page = page });
    }

    /// <summary>Writes an access record that is answered by a 4-KiB translation.</summary>
    internal static void Access(TraceWriter writer, byte kind, ulong gva, ulong gpa) =>
        writer.Write(new TraceRecord { Kind = RecordKind.Access, Selector = kind, Gva = gva, Gpa = gpa, PageShift = 12 });

    /// <summary>Writes an access record that is answered by a fault.</summary>
    internal static void Fault(TraceWriter writer, byte kind, ulong gva, uint code) =>
        writer.Write(new TraceRecord { Kind = RecordKind.Access, Selector = (byte)(kind | TraceRecord.Faulted), Gva = gva, ErrorCode = code });

    /// <summary>Writes a store record of 8 bytes.</summary>
    internal static void Store(TraceWriter writer, ulong gva, ulong gpa, ulong value) =>
        writer.Write(new TraceRecord { Kind = RecordKind.Store, Selector = 8, Gva = gva, Gpa = gpa, Value = value });
}
