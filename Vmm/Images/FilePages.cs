// Vmm: the pages of an ELF core or raw image, read from the file when asked for, so that its size does not matter.
using System;
using System.Collections.Generic;

namespace Mmu.Vmm.Images;

/// <summary>Guest memory made of file segments, sorted by address and without overlap.</summary>
internal sealed class FilePages : IPageSource
{
    private readonly ImageFile _file;
    private readonly FileSegment[] _segments;

    /// <summary>Takes ownership of <paramref name="file"/>.</summary>
    public FilePages(ImageFile file, FileSegment[] segments)
    {
        _file = file;
        _segments = segments;
        foreach (FileSegment segment in segments)
        {
            Bytes += (long)segment.Length;
        }
    }

    /// <inheritdoc/>
    public long Bytes { get; }

    /// <inheritdoc/>
    public bool TryReadPage(ulong gpa, Span<byte> page)
    {
        int i = Array.BinarySearch(_segments, new FileSegment(gpa, 0, 0), ByGpa);
        i = i >= 0 ? i : ~i - 1;
        if (i < 0 || gpa - _segments[i].Gpa >= _segments[i].Length || _segments[i].End - gpa < PageMath.PageSize)
        {
            return false;
        }

        FileSegment segment = _segments[i];
        _file.Read((long)(segment.Offset + (gpa - segment.Gpa)), page, $"guest page 0x{gpa:x}");
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Gets the order of segments: by first address.</summary>
    internal static Comparer<FileSegment> ByGpa { get; } = Comparer<FileSegment>.Create((a, b) => a.Gpa.CompareTo(b.Gpa));
}
