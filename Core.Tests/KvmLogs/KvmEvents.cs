// KVM logs: reads the kvmmmu tracepoints of Linux 6.12.
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using Mmu.Tests.Snapshots;

namespace Mmu.Tests.KvmLogs;

internal static class KvmEvents
{
    /// <summary>All tracepoints of a log in data/snapshots.</summary>
    internal static IEnumerable<KvmEvent> Read(string name)
    {
        using var stream = new GZipStream(File.OpenRead(SnapshotData.PathOf(name, "kvmmmu.trace.txt.gz")), CompressionMode.Decompress);
        using var reader = new StreamReader(stream);
        int number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;

            // "task-pid [cpu] flags time: event: text"
            string[] parts = line.Split(": ", 3);
            if (parts.Length == 3 && !line.StartsWith('#'))
            {
                yield return new KvmEvent(number, parts[1].Trim(), parts[2].Trim());
            }
        }
    }
}
