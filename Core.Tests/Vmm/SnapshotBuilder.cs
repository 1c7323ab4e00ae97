// Tests of the command: writes PTSNAP1 snapshots, sound or broken.
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;

namespace Mmu.Tests.Vmm;

/// <summary>A PTSNAP1 snapshot in the making; header fields may be made to lie.</summary>
internal sealed class SnapshotBuilder
{
    private readonly List<(ulong Gpa, byte[] Page)> _pages = [];

    public uint? Count { get; set; }

    public uint PageSize { get; set; } = 4096;

    /// <summary>Adds a page whose first bytes are <paramref name="entries"/>.</summary>
    public SnapshotBuilder Page(ulong gpa, params ulong[] entries)
    {
        var page = new byte[4096];
        System.Buffer.BlockCopy(entries, 0, page, 0, entries.Length * sizeof(ulong));
        _pages.Add((gpa, page));
        return this;
    }

    /// <summary>Returns the bytes, uncompressed.</summary>
    public byte[] Build()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("PTSNAP1\0"u8);
        writer.Write(Count ?? (uint)_pages.Count);
        writer.Write(PageSize);
        foreach ((ulong gpa, byte[] page) in _pages)
        {
            writer.Write(gpa);
            writer.Write(page);
        }

        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Returns the bytes gzipped.</summary>
    public static byte[] Gzip(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return stream.ToArray();
    }
}
