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

    /// <summary>A legal layout named <c>Good</c> that SPTE formats of the legacy kind can be on.</summary>
    public const string GoodSpteLayout =
        """

        [PteLayout(64)]
        internal readonly partial struct Good
        {
            [Bit(0)] public partial bool Present { get; }
            [Bit(1)] public partial bool Writable { get; }
            [Bit(2)] public partial bool User { get; }
            [Bit(5)] public partial bool Accessed { get; }
            [Bit(6)] public partial bool Dirty { get; }
            [Bit(7)] public partial bool Large { get; }
            [Bit(8)] public partial bool Global { get; }
            [Bits(12, 51)] public partial ulong Frame { get; }
            [Bits(59, 62)] public partial ulong ProtectionKey { get; }
            [Bit(63)] public partial bool NoExecute { get; }
        }

        """;

    /// <summary>A legal layout named <c>Good</c> that SPTE formats of the EPT kind can be on.</summary>
    public const string GoodSpteEptLayout =
        """

        [PteLayout(64)]
        internal readonly partial struct Good
        {
            [Bit(0)] public partial bool Readable { get; }
            [Bit(1)] public partial bool Writable { get; }
            [Bit(2)] public partial bool Executable { get; }
            [Bits(3, 5)] public partial ulong MemoryType { get; }
            [Bit(6)] public partial bool IgnorePat { get; }
            [Bit(7)] public partial bool Large { get; }
            [Bit(8)] public partial bool Accessed { get; }
            [Bit(9)] public partial bool Dirty { get; }
            [Bit(10)] public partial bool UserExecutable { get; }
            [Bits(12, 51)] public partial ulong Frame { get; }
            [Bit(63)] public partial bool SuppressVe { get; }
        }

        """;

    /// <summary>A legacy SPTE format named <c>BadSpte</c> that is legal but for what is added to its bits or its head.</summary>
    public static string SpteFormat(string bits, string head = "typeof(Good)", string more = "") =>
        $$"""

        [SpteFormat({{head}})]
        {{more}}
        [MmioGeneration(3, 9)]
        [MmioGeneration(52, 62)]
        internal readonly partial struct BadSpte
        {
            [Bit(9)] public partial bool HostWritable { get; }
            [Bit(10)] public partial bool MmuWritable { get; }
            [Bit(11)] public partial bool MmuPresent { get; }
            {{bits}}
        }

        """;

    /// <summary>An EPT SPTE format named <c>BadSpte</c> that is legal but for what is added to it.</summary>
    public static string EptSpteFormat(string more, string head = "typeof(Good)") =>
        $$"""

        [SpteFormat({{head}})]
        {{more}}
        [MmioGeneration(3, 9)]
        [MmioGeneration(52, 62)]
        [MmioMark(0, 2, 6)]
        internal readonly partial struct BadSpte
        {
            [Bit(11)] public partial bool MmuPresent { get; }
            [Bit(53)] public partial bool HostWritable { get; }
            [Bit(55)] public partial bool MmuWritable { get; }
            [Bits(60, 61)] public partial ulong AccessedDirtyType { get; }
        }

        """;
}
