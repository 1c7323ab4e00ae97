// Perf: what the generator costs while somebody edits: from the edit to its output, over the declarations that ship.
using System;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using BenchmarkDotNet.Attributes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Mmu.Generators;

namespace Mmu.Perf;

/// <summary>Times of the generator. Each edit goes to a driver that has already seen everything else.</summary>
[MemoryDiagnoser]
[SuppressMessage("Maintainability", "CA1515", Justification = "BenchmarkDotNet derives from it in an assembly of its own.")]
public class GeneratorBenchmarks
{
    private static readonly CSharpParseOptions _options = new(LanguageVersion.CSharp14);

    private CSharpCompilation _compilation = null!;
    private CSharpCompilation _unrelatedEdit = null!;
    private CSharpCompilation _movedEdit = null!;
    private CSharpCompilation _modeEdit = null!;
    private GeneratorDriver _driver = null!;

    /// <summary>Reads the declarations and makes the edits.</summary>
    [GlobalSetup]
    public void Setup()
    {
        string folder = Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "Core", "Architecture");
        SyntaxTree[] trees =
        [
            .. Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(path => CSharpSyntaxTree.ParseText(File.ReadAllText(path), _options, Path.GetFileName(path))),
        ];
        MetadataReference[] references = [MetadataReference.CreateFromFile(typeof(object).Assembly.Location)];
        _compilation = CSharpCompilation.Create("Declarations", trees, references);
        SyntaxTree unrelated = trees.Single(tree => tree.FilePath == "CpuVendor.cs");
        SyntaxTree mode = trees.Single(tree => tree.FilePath == "Long4.cs");
        _unrelatedEdit = Edit(unrelated, text => text + "\n// Edited.\n");
        _movedEdit = Edit(mode, text => "// Edited.\n" + text);
        _modeEdit = Edit(mode, text => text.Replace("[Reserved(7, 7, Level = 4)]", "[Reserved(7, 8, Level = 4)]", StringComparison.Ordinal));
        _driver = NewDriver().RunGenerators(_compilation);
    }

    /// <summary>Everything, for the first time.</summary>
    /// <returns>The driver.</returns>
    [Benchmark(Baseline = true)]
    public GeneratorDriver Everything() => NewDriver().RunGenerators(_compilation);

    /// <summary>An edit in a file without declarations.</summary>
    /// <returns>The driver.</returns>
    [Benchmark]
    public GeneratorDriver UnrelatedEdit() => _driver.RunGenerators(_unrelatedEdit);

    /// <summary>An edit that moves a declaration down by a line.</summary>
    /// <returns>The driver.</returns>
    [Benchmark]
    public GeneratorDriver MovedDeclaration() => _driver.RunGenerators(_movedEdit);

    /// <summary>An edit of one reserved bit of one mode.</summary>
    /// <returns>The driver.</returns>
    [Benchmark]
    public GeneratorDriver EditedMode() => _driver.RunGenerators(_modeEdit);

    private static string ThisFile([CallerFilePath] string path = "") => path;

    private static CSharpGeneratorDriver NewDriver() =>
        CSharpGeneratorDriver.Create([new MmuGenerator().AsSourceGenerator()], parseOptions: _options);

    private CSharpCompilation Edit(SyntaxTree tree, Func<string, string> edit) =>
        _compilation.ReplaceSyntaxTree(tree, CSharpSyntaxTree.ParseText(edit(tree.ToString()), _options, tree.FilePath));
}
