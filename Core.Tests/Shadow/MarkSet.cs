// Shadow judge: which accessed and dirty bits of guest tables an access may set.
using System.Collections.Generic;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

internal static class MarkSet
{
    private const ulong Accessed = 1UL << 5;
    private const ulong Dirty = 1UL << 6;

    /// <summary>None.</summary>
    internal static Dictionary<(int AddressSpace, ulong Word), ulong> None { get; } = [];

    /// <summary>Those of the entries on the way to an address: all of them accessed, the last dirty if the access writes.</summary>
    internal static Dictionary<(int AddressSpace, ulong Word), ulong> Of(int addressSpace, LegacyPath path, bool write)
    {
        Dictionary<(int AddressSpace, ulong Word), ulong> marks = [];
        for (int i = 0; i < path.Count; i++)
        {
            ulong gpa = path.Steps[i].Gpa;
            ulong bits = Accessed | (write && i == path.Count - 1 ? Dirty : 0);
            bits <<= path.EntryBytes == 4 ? (int)(gpa & 4) * 8 : 0;
            marks[(addressSpace, gpa >> 3)] = marks.GetValueOrDefault((addressSpace, gpa >> 3)) | bits;
        }

        return marks;
    }
}
