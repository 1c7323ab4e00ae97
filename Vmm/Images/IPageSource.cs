// Vmm: guest-physical memory as a file holds it, page by page.
using System;

namespace Mmu.Vmm.Images;

/// <summary>A set of 4 KiB guest-physical pages that can be read.</summary>
internal interface IPageSource : IDisposable
{
    /// <summary>Gets the number of bytes of guest memory that can be read.</summary>
    long Bytes { get; }

    /// <summary>Copies the page at <paramref name="gpa"/> (a multiple of 4096) into <paramref name="page"/> (4096 bytes).</summary>
    /// <returns>False if the image does not hold the whole page.</returns>
    /// <exception cref="InputException">The file ends or cannot be read where the page should be.</exception>
    bool TryReadPage(ulong gpa, Span<byte> page);
}
