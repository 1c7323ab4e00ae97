// Snapshot tests: where the snapshots lie in the repository.
using System;
using System.IO;

namespace Mmu.Tests.Snapshots;

/// <summary>Paths into data/snapshots.</summary>
internal static class SnapshotData
{
    /// <summary>Gets the directory that holds the solution.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>Returns the path of <paramref name="file"/> of the snapshot <paramref name="name"/>.</summary>
    public static string PathOf(string name, string file) => Path.Combine(Repository, "data", "snapshots", name, file);

    private static string FindRepository()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Mmu.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException($"no Mmu.sln above {AppContext.BaseDirectory}");
    }
}
