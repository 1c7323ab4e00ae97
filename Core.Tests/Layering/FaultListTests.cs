// Layering tests: the list of seeded faults is that of the code, so that a fault that moved is found where the list says.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Mmu.Tests.Snapshots;
using Xunit;

namespace Mmu.Tests.Layering;

public sealed partial class FaultListTests
{
    private static readonly string[] _folders = ["Core", "Generators"];

    [Fact]
    public void EachFaultIsInTheFileThatTheListNames()
    {
        foreach (Match row in Rows())
        {
            string file = row.Groups["file"].Value;
            string text = File.ReadAllText(Path.Combine(SnapshotData.Repository, file));
            Assert.True(Symbols(text).Contains(row.Groups["fault"].Value), $"MMU_FAULT_{row.Groups["fault"].Value} is not in {file}");
        }
    }

    [Fact]
    public void EachFaultInTheCodeIsListed()
    {
        HashSet<string> listed = [.. Rows().Select(row => row.Groups["fault"].Value)];
        foreach (string path in _folders.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(SnapshotData.Repository, folder), "*.cs", SearchOption.AllDirectories)))
        {
            foreach (string fault in Symbols(File.ReadAllText(path)))
            {
                Assert.True(listed.Contains(fault), $"MMU_FAULT_{fault} of {path} is not in docs/faults.md");
            }
        }
    }

    private static MatchCollection Rows()
    {
        MatchCollection rows = Row().Matches(File.ReadAllText(Path.Combine(SnapshotData.Repository, "docs", "faults.md")));
        Assert.NotEmpty(rows);
        return rows;
    }

    private static IEnumerable<string> Symbols(string text) => Symbol().Matches(text).Select(symbol => symbol.Groups["fault"].Value);

    [GeneratedRegex(@"^\| (?<fault>\d+) \| `(?<file>[^`]+)`", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();

    [GeneratedRegex(@"MMU_FAULT_(?<fault>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Symbol();
}
