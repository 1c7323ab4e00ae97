// Tests: the generator's output for the declarations that ship is the checked-in copy, so that its changes show in reviews.
using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Mmu.Tests.Generators;

/// <remarks>
/// To update the copies: <c>MMU_UPDATE_GOLDEN=1 dotnet test --project Core.Tests</c>, read the difference, run again without the variable.
/// </remarks>
public sealed class GoldenTests
{
    [Fact]
    public void OutputIsTheCheckedInCopy()
    {
        GeneratorOutcome outcome = GeneratorHarness.Run(GeneratorHarness.CoreDeclarations);
        var output = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string hintName in outcome.HintNames)
        {
            output.Add(hintName, outcome.SourceOf(hintName));
        }

        if (GoldenFiles.IsUpdate(Environment.GetEnvironmentVariable("MMU_UPDATE_GOLDEN"), Environment.GetEnvironmentVariable("CI")))
        {
            GoldenFiles.Replace(output);
        }

        SortedDictionary<string, string> golden = GoldenFiles.Load();
        Assert.Equal(golden.Keys, output.Keys);
        foreach ((string hintName, string text) in output)
        {
            Assert.True(golden[hintName] == text, FirstDifference(hintName, golden[hintName], text));
        }
    }

    [Fact]
    public void UpdateIsRefusedUnderCi()
    {
        Assert.True(GoldenFiles.IsUpdate("1", ci: null));
        Assert.False(GoldenFiles.IsUpdate(update: null, "true"));
        _ = Assert.Throws<InvalidOperationException>(() => GoldenFiles.IsUpdate("1", "true"));
    }

    [Fact]
    public void OutputHasNoTraceOfTheMachine()
    {
        GeneratorOutcome outcome = GeneratorHarness.Run(GeneratorHarness.CoreDeclarations);
        foreach (string text in outcome.HintNames.Select(outcome.SourceOf))
        {
            Assert.DoesNotContain('\r', text);
            Assert.DoesNotContain('\t', text);
            Assert.DoesNotContain(" \n", text, StringComparison.Ordinal);
            Assert.DoesNotContain(RepositoryFiles.Root, text, StringComparison.Ordinal);
            Assert.EndsWith("}\n", text, StringComparison.Ordinal);
        }
    }

    private static string FirstDifference(string hintName, string golden, string output)
    {
        string[] before = golden.Split('\n');
        string[] after = output.Split('\n');
        int line = 0;
        while (line < before.Length && line < after.Length && before[line] == after[line])
        {
            line++;
        }

        return $"{hintName}({line + 1})\nchecked in: {before.ElementAtOrDefault(line)}\ngenerated:  {after.ElementAtOrDefault(line)}\n"
            + $"See the remarks of {nameof(GoldenTests)}.";
    }
}
