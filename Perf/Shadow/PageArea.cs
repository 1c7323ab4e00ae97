// Perf: a stretch of a guest's address space.
using System.Collections.Generic;
using System.Linq;

namespace Mmu.Perf.Shadow;

/// <summary>Pages at equal distances, on successive guest frames.</summary>
/// <param name="Gva">The first page.</param>
/// <param name="Stride">Distance in bytes.</param>
/// <param name="Gpa">The frame of the first page.</param>
/// <param name="Count">Number of pages.</param>
internal readonly record struct PageArea(ulong Gva, ulong Stride, ulong Gpa, int Count)
{
    private const ulong PageBytes = 4096;

    /// <summary>The first address behind the frames.</summary>
    public ulong End => Gpa + ((ulong)Count * PageBytes);

    public ulong GvaAt(int page) => Gva + ((ulong)page * Stride);

    public ulong GpaOf(ulong gva) => Gpa + ((gva - Gva) / Stride * PageBytes);

    /// <summary>Every <paramref name="step"/>-th page.</summary>
    public IEnumerable<ulong> Pages(int step = 1)
    {
        PageArea area = this;
        return Enumerable.Range(0, Count / step).Select(i => area.GvaAt(i * step));
    }
}
