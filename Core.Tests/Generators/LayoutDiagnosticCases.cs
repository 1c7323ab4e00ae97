// Tests: illegal page-table layouts.
using System;
using System.Collections.Generic;

namespace Mmu.Tests.Generators;

/// <summary>Illegal page-table layouts.</summary>
internal static class LayoutDiagnosticCases
{
    private const string Fields =
        """
            [Bit(0)] public partial bool Present { get; }
            [Bit(1)] public partial bool Writable { get; }
            [Bit(2)] public partial bool User { get; }
            [Bits(12, 31)] public partial ulong Frame { get; }
        """;

    private const string EptFields =
        """
            [Bit(0)] public partial bool Readable { get; }
            [Bit(1)] public partial bool Writable { get; }
            [Bit(2)] public partial bool Executable { get; }
            [Bits(12, 31)] public partial ulong Frame { get; }
        """;

    /// <summary>The cases.</summary>
    public static IEnumerable<DiagnosticCase> All =>
    [
        new("MMU1001", "two flags on one bit", "Bit(1)", Toys.Layout("[Bit(1)] public partial bool Accessed { get; }")),
        new("MMU1001", "flag inside the frame", "Bit(12)", Toys.Layout("[Bit(12)] public partial bool Global { get; }")),
        new("MMU1001", "run over a flag", "Bits(2, 5)", Toys.Layout("[Bits(2, 5)] public partial ulong Software { get; }")),
        new("MMU1001", "Pat over something else than Large", "Bit(1)", Toys.Layout("[Bit(1)] public partial bool Pat { get; }")),
        new(
            "MMU1001", "LargePat over Large", "Bit(7)",
            Toys.Layout("[Bit(7)] public partial bool Large { get; } [Bit(7)] public partial bool LargePat { get; }")),
        new("MMU1002", "flag above a 32-bit entry", "Bit(32)", Toys.Layout("[Bit(32)] public partial bool Accessed { get; }", bits: 32)),
        new("MMU1002", "flag above a 64-bit entry", "Bit(64)", Toys.Layout("[Bit(64)] public partial bool Accessed { get; }")),
        new("MMU1002", "negative bit", "Bit(-1)", Toys.Layout("[Bit(-1)] public partial bool Accessed { get; }")),
        new("MMU1002", "run that ends outside", "Bits(60, 64)", Toys.Layout("[Bits(60, 64)] public partial ulong Software { get; }")),
        new(
            "MMU1002", "run as long as can be", "Bits(int.MinValue, int.MaxValue)",
            Toys.Layout("[Bits(int.MinValue, int.MaxValue)] public partial ulong Software { get; }")),
        new("MMU1003", "run backwards", "Bits(51, 40)", Toys.Layout("[Bits(51, 40)] public partial ulong Software { get; }")),
        new("MMU1004", "struct that is not partial", "PteLayout(64)", Struct("struct Bad")),
        new("MMU1004", "nested struct", "PteLayout(64)", $"internal static partial class Outer {{ {Struct("partial struct Bad")} }}"),
        new("MMU1004", "generic struct", "PteLayout(64)", Struct("partial struct Bad<T>")),
        new("MMU1004", "record struct", "PteLayout(64)", Struct("partial record struct Bad")),
        new("MMU1004", "ref struct", "PteLayout(64)", Struct("ref partial struct Bad")),
        new(
            "MMU1004", "file-local struct", "PteLayout(64)",
            Struct("partial struct Bad").Replace("internal", "file", StringComparison.Ordinal)),
        new("MMU1004", "name that cannot name a file", "PteLayout(64)", Struct("partial struct Bad\u203Fly")),
        new("MMU1005", "property that is not partial", "Bit(5)", Toys.Layout("[Bit(5)] public bool Accessed => false;")),
        new("MMU1005", "property with a setter", "Bit(5)", Toys.Layout("[Bit(5)] public partial bool Accessed { get; set; }")),
        new("MMU1005", "static property", "Bit(5)", Toys.Layout("[Bit(5)] public static partial bool Accessed { get; }")),
        new(
            "MMU1005", "property that is implemented already", "Bit(5)",
            Toys.Layout("[Bit(5)] public partial bool Accessed { get; } public partial bool Accessed => true;")),
        new("MMU1006", "flag that is a number", "Bit(5)", Toys.Layout("[Bit(5)] public partial ulong Accessed { get; }")),
        new("MMU1006", "run that is an int", "Bits(52, 58)", Toys.Layout("[Bits(52, 58)] public partial int Software { get; }")),
        new("MMU1007", "no Frame", "PteLayout(64)", Renamed(Fields, "Frame", "Address")),
        new("MMU1007", "no Present", "PteLayout(64)", Renamed(Fields, "Present", "Valid")),
        new("MMU1007", "no Writable", "PteLayout(64)", Renamed(Fields, "Writable", "Hot")),
        new("MMU1007", "no User", "PteLayout(64)", Renamed(Fields, "User", "Hot")),
        new("MMU1007", "EPT format without Readable", "PteLayout(64)", Renamed(EptFields, "Readable", "Hot")),
        new("MMU1007", "EPT format without Executable", "PteLayout(64)", Renamed(EptFields, "Executable", "Hot")),
        new("MMU1008", "legacy format with Readable", "PteLayout(64)", Toys.Layout("[Bit(5)] public partial bool Readable { get; }")),
        new(
            "MMU1008", "EPT format with NoExecute", "PteLayout(64)",
            Struct("partial struct Bad", EptFields + "[Bit(63)] public partial bool NoExecute { get; }")),
        new("MMU1009", "entry of 16 bits", "PteLayout(16)", Toys.Layout("", bits: 16)),
        new("MMU1009", "entry of -64 bits", "PteLayout(-64)", Toys.Layout("", bits: -64)),
        new("MMU1010", "Frame of one bit", "Bit(40)", Renamed(Fields, "Frame", "Address", "[Bit(40)] public partial bool Frame { get; }")),
        new("MMU1010", "Frame of 41 bits", "Bits(12, 52)", Renamed(Fields, "31", "52")),
        new(
            "MMU1010", "ProtectionKey of 5 bits", "Bits(58, 62)",
            Toys.Layout("[Bits(58, 62)] public partial ulong ProtectionKey { get; }")),
        new("MMU1010", "Accessed of 2 bits", "Bits(4, 5)", Toys.Layout("[Bits(4, 5)] public partial ulong Accessed { get; }")),
        new(
            "MMU1010", "MemoryType of 2 bits", "Bits(3, 4)",
            Struct("partial struct Bad", EptFields + "[Bits(3, 4)] public partial ulong MemoryType { get; }")),
        new("MMU1011", "field named Value", "Bits(52, 58)", Toys.Layout("[Bits(52, 58)] public partial ulong Value { get; }")),
        new("MMU1011", "field named as the mask of another", "Bit(5)", Toys.Layout("[Bit(5)] public partial bool FrameMask { get; }")),
        new("MMU1012", "both [Bit] and [Bits]", "Bits(5, 5)", Toys.Layout("[Bit(5)] [Bits(5, 5)] public partial bool Accessed { get; }")),
        new(
            "MMU1013", "names that differ in case", "PteLayout(64)",
            Toys.Layout("") + Toys.Layout("").Replace("struct Bad", "struct BAD", StringComparison.Ordinal)),
        new("MMU1013", "one name in two namespaces", "PteLayout(64)", $"{Toys.Layout("")} }} namespace Other {{ {Toys.Layout("")}"),
    ];

    private static string Struct(string declaration, string fields = Fields) =>
        $"[PteLayout(64)] internal readonly {declaration} {{ {fields} }}";

    private static string Renamed(string fields, string name, string otherwise, string more = "") =>
        Struct("partial struct Bad", fields.Replace(name, otherwise, StringComparison.Ordinal) + more);
}
