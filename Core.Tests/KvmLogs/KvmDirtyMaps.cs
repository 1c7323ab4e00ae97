// KVM conformance: the dirty bitmaps that KVM returned to the VMM.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Mmu.Tests.Snapshots;

namespace Mmu.Tests.KvmLogs;

/// <summary>Reader of a VMM's own log.</summary>
internal static class KvmDirtyMaps
{
    /// <summary>The guest frames of each dirty bitmap, by the VMM's number of the exit.</summary>
    internal static SortedDictionary<int, ulong[]> Read(string name)
    {
        SortedDictionary<int, ulong[]> found = [];
        foreach (string line in File.ReadLines(SnapshotData.PathOf(name, "vmm.log.txt")))
        {
            // "VMM n=4 dirty: 10 11 12 count 3 e 0"
            string[] words = line.Split(' ');
            if (words.Length > 3 && words[2] == "dirty:")
            {
                found[int.Parse(words[1].AsSpan(2), CultureInfo.InvariantCulture)] =
                    [.. words.Skip(3).TakeWhile(word => word != "count").Select(KvmEvent.Hex)];
            }
        }

        return found;
    }
}
