// Layering: where Core may use pointers, read from its source.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Mmu.Tests.Generators;
using Xunit;

namespace Mmu.Tests.Layering;

/// <summary>
/// Raw pointers to guest memory are in one type, function pointers in the few that choose code by mode; generated code has no more than
/// they.
/// </summary>
public sealed class UnsafeAllowListTests
{
    /// <summary>The files that may follow a pointer; the batch walk only asks where its own scratch memory lies.</summary>
    private static readonly string[] _pointerFiles =
    [
        "Core/Guest/GuestWindow.Lanes.cs",
        "Core/Guest/GuestWindow.cs",
        "Core/Memory/ArenaArray.cs",
        "Core/Memory/EpochDomain.cs",
        "Core/Memory/PaeRootPool.cs",
        "Core/Memory/PageLists.cs",
        "Core/Memory/PageWatch.cs",
        "Core/Memory/PtPage.cs",
        "Core/Memory/SlabWatch.cs",
        "Core/Memory/TableArena.cs",
        "Core/Walk/BatchWalk.cs",
    ];

    /// <summary>The files that may say "unsafe": those above, and those that call or hold function pointers.</summary>
    private static readonly string[] _unsafeFiles =
    [
        "Core/Guest/GuestWindow.Lanes.cs",
        "Core/Guest/GuestWindow.cs",
        "Core/Memory/ArenaArray.cs",
        "Core/Memory/EpochDomain.cs",
        "Core/Memory/PaeRootPool.cs",
        "Core/Memory/PageLists.cs",
        "Core/Memory/PageWatch.cs",
        "Core/Memory/PrivateArena.cs",
        "Core/Memory/PtPage.cs",
        "Core/Memory/SlabWatch.cs",
        "Core/Memory/TableArena.cs",
        "Core/Walk/BatchWalk.cs",
        "Core/Walk/GuestWalker.Data.cs",
        "Core/Walk/GuestWalker.Nested.cs",
        "Core/Walk/GuestWalker.cs",
        "Core/Walk/MaskFirst.cs",
        "Core/Walk/ModificationLog.cs",
        "Core/Walk/PageScan.cs",
        "Core/Walk/Readers/TraceReader.cs",
        "Core/Walk/SecondDimension.cs",
        "Core/Walk/WalkCode.cs",
        "Core/Walk/WalkContextBuilder.cs",
    ];

    [Fact]
    public void PointersAreFollowedInTheListedFilesOnly()
    {
        Assert.Equal(_pointerFiles, Sources().Where(source => UsesPointers(source.Root)).Select(source => source.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void UnsafeIsSaidInTheListedFilesOnly()
    {
        Assert.Equal(_unsafeFiles, Sources().Where(source => SaysUnsafe(source.Root)).Select(source => source.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void FilesOfTheArenaThatNeedItSayWhy()
    {
        string[] signs = ["unsafe ", "Unsafe.", "Interlocked.", "Volatile.", "LibraryImport", "Dangerous"];
        string[] files = Directory.GetFiles(RepositoryFiles.PathOf("Core/Memory"), "*.cs");

        Assert.NotEmpty(files);
        Assert.All(files, file =>
        {
            string text = File.ReadAllText(file);
            bool needs = signs.Any(sign => text.Contains(sign, StringComparison.Ordinal));
            Assert.Equal(needs, text.Contains("\n// UNSAFETY: ", StringComparison.Ordinal));
        });
    }

    [Fact]
    public void GeneratedCodeFollowsNoPointer()
    {
        string golden = RepositoryFiles.PathOf("Core.Tests/Generators/Golden");
        string[] files = Directory.GetFiles(golden, "*.g.cs.txt", SearchOption.AllDirectories);

        Assert.NotEmpty(files);
        Assert.DoesNotContain(files, file => UsesPointers(Parse(file)));
    }

    private static IEnumerable<(string Path, SyntaxNode Root)> Sources() =>
        from file in Directory.EnumerateFiles(RepositoryFiles.PathOf("Core"), "*.cs", SearchOption.AllDirectories)
        select (Path.GetRelativePath(RepositoryFiles.Root, file).Replace('\\', '/'), Parse(file));

    private static SyntaxNode Parse(string file) => CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetRoot();

    // Function pointers have a syntax of their own and do not count.
    private static bool UsesPointers(SyntaxNode root) =>
        root.DescendantNodes().Any(node => node is PointerTypeSyntax or FixedStatementSyntax or StackAllocArrayCreationExpressionSyntax
            || node.IsKind(SyntaxKind.PointerIndirectionExpression)
            || node.IsKind(SyntaxKind.PointerMemberAccessExpression));

    private static bool SaysUnsafe(SyntaxNode root) => root.DescendantTokens().Any(token => token.IsKind(SyntaxKind.UnsafeKeyword));
}
