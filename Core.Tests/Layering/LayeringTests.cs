// Tests: a folder of Core uses only the folders above it.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Mmu.Tests.Generators;
using Xunit;

namespace Mmu.Tests.Layering;

public sealed class LayeringTests
{
    // From the top down: a folder uses only what stands above it.
    private static readonly string[] _folders =
        ["Addressing", "Diagnostics", "Architecture", "Memory", "Guest", "Walk", "Sptes", "Common", "Shadow", "Tdp", "Vm"];

    private static string CorePath => typeof(Architecture.Generation.PagingModeAttribute).Assembly.Location;

    [Fact]
    public void FoldersUseOnlyFoldersAboveThem()
    {
        List<NamespaceUse> uses = CompiledReferences.Read(CorePath);

        Assert.NotEmpty(uses);
        Assert.DoesNotContain(uses, use => !IsAllowed(use));
    }

    [Fact]
    public void EveryNamespaceIsAFolderOfTheList()
    {
        string core = RepositoryFiles.PathOf("Core");
        foreach (string path in Directory.GetFiles(core, "*.cs", SearchOption.AllDirectories))
        {
            string[] parts = Path.GetRelativePath(core, path).Split(Path.DirectorySeparatorChar);
            string name = Regex.Match(File.ReadAllText(path), @"^namespace (\S+);", RegexOptions.Multiline).Groups[1].Value;
            if (name.Length == 0)
            {
                continue;
            }

            Assert.True(parts.Length > 1 && _folders.Contains(parts[0]), $"{path} is in no folder of the list");
            Assert.True(FolderOf(name) == parts[0], $"{path} has namespace {name}");
        }
    }

    [Theory]
    [InlineData("Mmu.Guest", "Mmu.Addressing", true)]
    [InlineData("Mmu.Addressing", "Mmu.Guest", false)]
    [InlineData("Mmu.Architecture", "Mmu.Architecture.Generation", true)]
    [InlineData("Mmu.Tdp", "Mmu.Shadow", false)]
    [InlineData("Mmu.Vm", "Mmu.Tdp", true)]
    [InlineData("Mmu.Elsewhere", "Mmu.Guest", false)]
    public void RuleIsThatOfTheList(string from, string to, bool allowed) =>
        Assert.Equal(allowed, IsAllowed(new NamespaceUse("Type", from, to)));

    [Fact]
    public void UsesInMethodBodiesAndSignaturesAreSeen()
    {
        List<NamespaceUse> uses = CompiledReferences.Read(typeof(LayeringTests).Assembly.Location);

        // This class names the other namespace in a method body only.
        Assert.Contains(new NamespaceUse(nameof(LayeringTests), "Mmu.Tests.Layering", "Mmu.Tests.Generators"), uses);
    }

    private static bool IsAllowed(NamespaceUse use)
    {
        // Types that the compiler makes up are in namespaces of their own.
        if (!use.From.StartsWith("Mmu", StringComparison.Ordinal) || !use.To.StartsWith("Mmu", StringComparison.Ordinal))
        {
            return true;
        }

        int from = Array.IndexOf(_folders, FolderOf(use.From));
        int to = Array.IndexOf(_folders, FolderOf(use.To));
        bool enginesApart = (FolderOf(use.From), FolderOf(use.To)) is not ("Tdp", "Shadow");
        return from >= 0 && to >= 0 && to <= from && enginesApart;
    }

    private static string FolderOf(string name) => name.Split('.').ElementAtOrDefault(1) ?? "";
}
