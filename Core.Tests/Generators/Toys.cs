// Tests: small declarations for the generator.
namespace Mmu.Tests.Generators;

/// <summary>Small declarations for the generator.</summary>
internal static class Toys
{
    /// <summary>Makes a source of declarations.</summary>
    public static string Source(params string[] declarations) =>
        $"using System;\nusing Mmu.Architecture.Generation;\nnamespace Toy\n{{\n{string.Concat(declarations)}\n}}\n";

    /// <summary>A legal 64-bit legacy layout named <c>Good</c>.</summary>
    public const string Good =
        """

        [PteLayout(64)]
        internal readonly partial struct Good
        {
            [Bit(0)] public partial bool Present { get; }
            [Bit(1)] public partial bool Writable { get; }
            [Bit(2)] public partial bool User { get; }
            [Bit(7)] public partial bool Large { get; }
            [Bit(12)] public partial bool LargePat { get; }
            [Bits(12, 51)] public partial ulong Frame { get; }
        }

        """;

    /// <summary>A legacy layout named <c>Bad</c> that is legal but for what is added to it.</summary>
    public static string Layout(string more, int bits = 64) =>
        $$"""

        [PteLayout({{bits}})]
        internal readonly partial struct Bad
        {
            [Bit(0)] public partial bool Present { get; }
            [Bit(1)] public partial bool Writable { get; }
            [Bit(2)] public partial bool User { get; }
            [Bits(12, 31)] public partial ulong Frame { get; }
            {{more}}
        }

        """;

    /// <summary>A mode named <c>BadMode</c> on the layout <c>Good</c> that is legal but for what is added to it.</summary>
    public static string Mode(string more, string head = "typeof(Good), Levels = 4, IndexBits = 9") =>
        $$"""

        [PagingMode({{head}})]
        [Leaf(1)]
        {{more}}
        internal readonly partial struct BadMode;

        """;
}
