// Vmm: puts the PT_LOAD segments of a core in order. A dump made with paging names the same memory once per mapping; that
// is merged. Two segments that claim one address with different bytes have no right answer and are refused.
using System;
using System.Collections.Generic;

namespace Mmu.Vmm.Images;

/// <summary>Sorting and merging of file segments.</summary>
internal static class ElfSegments
{
    /// <summary>Returns the segments sorted, without overlap.</summary>
    /// <exception cref="InputException">Two segments overlap and come from different places of the file.</exception>
    public static FileSegment[] Normalize(List<FileSegment> segments, string name)
    {
        segments.Sort(FilePages.ByGpa);
        var merged = new List<FileSegment>();
        foreach (FileSegment next in segments)
        {
            if (merged.Count == 0 || merged[^1].End < next.Gpa)
            {
                merged.Add(next);
                continue;
            }

            FileSegment last = merged[^1];
            bool sameBytes = unchecked(last.Offset - last.Gpa == next.Offset - next.Gpa);
            if (sameBytes)
            {
                merged[^1] = last with { Length = Math.Max(last.End, next.End) - last.Gpa };
            }
            else if (last.End == next.Gpa)
            {
                merged.Add(next);
            }
            else
            {
                throw new InputException(
                    $"{name}: corrupt: segments at 0x{last.Gpa:x} and 0x{next.Gpa:x} overlap with different contents");
            }
        }

        return [.. merged];
    }
}
