// Tests: finds the repository that the test binaries were built in.
using System;
using System.IO;

namespace Mmu.Tests.Generators;

/// <summary>Files of the repository.</summary>
internal static class RepositoryFiles
{
    /// <summary>The repository's folder.</summary>
    public static string Root { get; } = Find();

    /// <summary>A path inside the repository, given with forward slashes.</summary>
    public static string PathOf(string relative) => Path.Combine(Root, relative.Replace('/', Path.DirectorySeparatorChar));

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Mmu.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("Mmu.sln is in no folder above " + AppContext.BaseDirectory);
    }
}
