// Samples: what the documents show is what the samples compile.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Mmu.Tests.Generators;
using Xunit;

namespace Mmu.Tests.Samples;

public sealed class DocumentedCodeTests
{
    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/guest-walker.md")]
    public void EveryCodeBlockIsASample(string document)
    {
        List<string> samples = Samples();
        List<string> blocks = Between(File.ReadAllLines(RepositoryFiles.PathOf(document)), line => line == "```csharp", line => line == "```");

        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Contains(block, samples));
    }

    private static List<string> Samples() => Between(
        File.ReadAllLines(RepositoryFiles.PathOf("Core.Tests/Samples/GuestWalkerSample.cs")),
        line => line.TrimStart().StartsWith("// sample:", StringComparison.Ordinal),
        line => line.TrimStart() == "// end");

    private static List<string> Between(string[] lines, Func<string, bool> starts, Func<string, bool> ends)
    {
        List<string> found = [];
        List<string>? block = null;
        foreach (string line in lines)
        {
            if (block is null)
            {
                block = starts(line) ? [] : null;
            }
            else if (ends(line))
            {
                int indent = block.Where(text => text.Length != 0).Min(text => text.Length - text.TrimStart().Length);
                found.Add(string.Join('\n', block.Select(text => text.Length == 0 ? text : text[indent..])));
                block = null;
            }
            else
            {
                block.Add(line);
            }
        }

        return found;
    }
}
