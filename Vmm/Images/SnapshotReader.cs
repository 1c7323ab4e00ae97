// Vmm: PTSNAP1 page-table snapshots, gzipped or plain: "PTSNAP1\0", u32 count, u32 4096, then per page u64 address and
// 4096 bytes, little-endian. Registers come from options or from the meta.json beside the file.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;

namespace Mmu.Vmm.Images;

/// <summary>Reader of PTSNAP1 snapshots.</summary>
internal static class SnapshotReader
{
    /// <summary>The most pages accepted: 4 GiB of tables, which map 2 TiB of 4 KiB pages. A count above it is a corrupt header.</summary>
    internal const uint MaxPages = 1 << 20;

    private const int HeaderSize = 16;

    /// <summary>Gets the first eight bytes of an uncompressed snapshot.</summary>
    internal static ReadOnlySpan<byte> Magic => "PTSNAP1\0"u8;

    /// <summary>Reads the snapshot at <paramref name="path"/> whole.</summary>
    /// <exception cref="InputException">The file or its meta.json is unusable, or there is no control state.</exception>
    public static GuestImage Open(string path, bool compressed, RootOptions options)
    {
        Dictionary<ulong, byte[]> pages;
        try
        {
            using FileStream file = File.OpenRead(path);
            using Stream stream = compressed ? new GZipStream(file, CompressionMode.Decompress) : file;
            pages = ReadPages(stream, path);
            if (compressed)
            {
                CheckTrailer(file, pages.Count, path);
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read: {ImageFile.OneLine(e)}", e);
        }

        var notes = new List<string>();
        RootSet roots = RootSet.Resolve(
            path, RootsBeside(path, options), "meta.json", options, "no meta.json beside it; give --cr3, --cr4 and --efer", notes);
        return new GuestImage(path, "PTSNAP1 snapshot", new SnapshotPages(pages), roots, notes);
    }

    // The decompressor verifies the checksum, but takes a file cut short inside the trailer for complete.
    private static void CheckTrailer(FileStream file, int pages, string name)
    {
        Span<byte> size = stackalloc byte[4];
        _ = file.Seek(-size.Length, SeekOrigin.End);
        file.ReadExactly(size);
        long expected = HeaderSize + ((long)pages * (sizeof(ulong) + PageMath.PageSize));
        if (BinaryPrimitives.ReadUInt32LittleEndian(size) != (uint)expected)
        {
            throw new InputException($"{name}: truncated or corrupt: the gzip trailer does not give the {expected} bytes it holds");
        }
    }

    /// <summary>Reads the pages of a decompressed snapshot; <paramref name="name"/> starts every error.</summary>
    internal static Dictionary<ulong, byte[]> ReadPages(Stream stream, string name)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
        {
            throw new InputException($"{name}: truncated: no complete PTSNAP1 header");
        }

        uint count = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        uint pageSize = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        if (!header[..8].SequenceEqual(Magic))
        {
            throw new InputException($"{name}: not a PTSNAP1 snapshot");
        }

        if (pageSize != PageMath.PageSize)
        {
            throw new InputException($"{name}: corrupt: page size {pageSize}, expected {PageMath.PageSize}");
        }

        if (count is 0 or > MaxPages)
        {
            throw new InputException($"{name}: corrupt: {count} pages, expected 1 to {MaxPages}");
        }

        // Grown by what is really there: a count is only a claim.
        var pages = new Dictionary<ulong, byte[]>();
        Span<byte> address = stackalloc byte[8];
        for (uint i = 0; i < count; i++)
        {
            var page = new byte[PageMath.PageSize];
            if (stream.ReadAtLeast(address, 8, throwOnEndOfStream: false) < 8
                || stream.ReadAtLeast(page, page.Length, throwOnEndOfStream: false) < page.Length)
            {
                throw new InputException($"{name}: truncated: page {i} of {count} is not complete");
            }

            Add(pages, BinaryPrimitives.ReadUInt64LittleEndian(address), page, name);
        }

        // Reading on also makes the decompressor verify its checksum.
        if (stream.ReadAtLeast(address, 1, throwOnEndOfStream: false) != 0)
        {
            throw new InputException($"{name}: corrupt: data after the last of {count} pages");
        }

        return pages;
    }

    private static void Add(Dictionary<ulong, byte[]> pages, ulong gpa, byte[] page, string name)
    {
        if ((gpa & PageMath.OffsetMask) != 0 || gpa >= PageMath.MaxGpa)
        {
            throw new InputException($"{name}: corrupt: page address 0x{gpa:x} is not a page-aligned 52-bit address");
        }

        if (!pages.TryAdd(gpa, page))
        {
            throw new InputException($"{name}: corrupt: page 0x{gpa:x} appears twice");
        }
    }

    private static IReadOnlyList<PagingRoot> RootsBeside(string path, RootOptions options)
    {
        string meta = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path)) ?? ".", "meta.json");

        // Not read when nothing is needed from it: a broken meta.json must not block the user who gives everything.
        bool needed = options is not { Cr3: not null, Cr4: not null, Efer: not null };
        return needed && File.Exists(meta) ? SnapshotMeta.ReadRoots(meta) : [];
    }
}
