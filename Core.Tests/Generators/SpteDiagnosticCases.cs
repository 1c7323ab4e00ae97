// Tests: illegal SPTE formats.
using System;
using System.Collections.Generic;

namespace Mmu.Tests.Generators;

/// <summary>Illegal SPTE formats.</summary>
internal static class SpteDiagnosticCases
{
    private const string Format = "SpteFormat(typeof(Good))";
    private const string Tracked = "SpteFormat(typeof(Good), SoftwareAccessedDirty = true)";

    private const string Saved =
        "[Bit(52)] public partial bool SavedReadable { get; } [Bit(54)] public partial bool SavedExecutable { get; } "
        + "[Bit(62)] public partial bool SavedUserExecutable { get; }";

    /// <summary>The cases.</summary>
    public static IEnumerable<DiagnosticCase> All =>
    [
        new("MMU1201", "layout that is a number", "SpteFormat(typeof(ulong))", Legacy("", "typeof(ulong)")),
        new("MMU1201", "layout that is the format itself", "SpteFormat(typeof(BadSpte))", Legacy("", "typeof(BadSpte)")),
        new(
            "MMU1201", "layout of 32 bits", "SpteFormat(typeof(Bad))",
            Toys.Layout("", bits: 32) + Legacy("", "typeof(Bad)")),
        new("MMU1202", "layout without Dirty", Format, Without("Dirty", Toys.GoodSpteLayout) + Toys.SpteFormat("")),
        new("MMU1202", "layout without NoExecute", Format, Without("NoExecute", Toys.GoodSpteLayout) + Toys.SpteFormat("")),
        new("MMU1202", "layout without Large", Format, Without("Large", Toys.GoodSpteLayout) + Toys.SpteFormat("")),
        new(
            "MMU1202", "layout with Large elsewhere", Format,
            Toys.GoodSpteLayout.Replace("[Bit(7)]", "[Bit(3)]", StringComparison.Ordinal) + Toys.SpteFormat("")),
        new(
            "MMU1202", "layout with a shorter frame", Format,
            Toys.GoodSpteLayout.Replace("Bits(12, 51)", "Bits(12, 50)", StringComparison.Ordinal) + Toys.SpteFormat("")),
        new(
            "MMU1202", "layout without keys", "SpteFormat(typeof(Good), ProtectionKeys = true)",
            Without("ProtectionKey", Toys.GoodSpteLayout) + Toys.SpteFormat("", "typeof(Good), ProtectionKeys = true")),
        new("MMU1202", "EPT layout without MemoryType", Format, Without("MemoryType", Toys.GoodSpteEptLayout) + Toys.EptSpteFormat("")),
        new(
            "MMU1203", "two software bits at one place", "Bit(9)",
            Legacy("").Replace("[Bit(10)]", "[Bit(9)]", StringComparison.Ordinal)),
        new(
            "MMU1203", "type over a saved right", "Bits(60, 61)",
            Ept("", "typeof(Good), SoftwareAccessedDirty = true").Replace(
                "    [Bit(11)]", Saved.Replace("Bit(62)", "Bit(60)", StringComparison.Ordinal) + "[Bit(11)]", StringComparison.Ordinal)),
        new("MMU1204", "software bit over W", "Bit(1)", Legacy("").Replace("[Bit(9)]", "[Bit(1)]", StringComparison.Ordinal)),
        new("MMU1204", "software bit inside the frame", "Bit(51)", Legacy("").Replace("[Bit(9)]", "[Bit(51)]", StringComparison.Ordinal)),
        new(
            "MMU1204", "software bit over a key", "Bit(60)",
            Legacy("", "typeof(Good), ProtectionKeys = true").Replace("[Bit(9)]", "[Bit(60)]", StringComparison.Ordinal)),
        new(
            "MMU1205", "software bit where PAE reserves", "Bit(53)",
            Legacy("", more: "[Reserved(52, 62)]").Replace("[Bit(9)]", "[Bit(53)]", StringComparison.Ordinal)),
        new(
            "MMU1205", "keys where PAE reserves", "SpteFormat(typeof(Good), ProtectionKeys = true)",
            Legacy("", "typeof(Good), ProtectionKeys = true", "[Reserved(52, 62)]")),
        new("MMU1206", "no HostWritable", Format, Without("HostWritable", Legacy(""))),
        new("MMU1206", "no MmuPresent", Format, Without("MmuPresent", Legacy(""))),
        new("MMU1206", "access tracking without saved rights", Tracked, Ept("", "typeof(Good), SoftwareAccessedDirty = true")),
        new("MMU1207", "bit of an unknown name", "Bit(52)", Legacy("[Bit(52)] public partial bool Hot { get; }")),
        new("MMU1207", "saved right without access tracking", "Bit(52)", Legacy("[Bit(52)] public partial bool SavedReadable { get; }")),
        new(
            "MMU1208", "HostWritable of two bits", "Bits(9, 9)",
            Legacy("").Replace(
                "[Bit(9)] public partial bool HostWritable", "[Bits(9, 9)] public partial ulong HostWritable", StringComparison.Ordinal)),
        new("MMU1208", "MmuPresent elsewhere", "Bit(52)", Legacy("").Replace("[Bit(11)]", "[Bit(52)]", StringComparison.Ordinal)),
        new("MMU1208", "type of three bits", "Bits(52, 54)", Legacy("[Bits(52, 54)] public partial ulong AccessedDirtyType { get; }")),
        new("MMU1209", "legacy format with access tracking", Tracked, Legacy("", "typeof(Good), SoftwareAccessedDirty = true")),
        new("MMU1210", "reserved bits backwards", "Reserved(62, 52)", Legacy("", more: "[Reserved(62, 52)]")),
        new("MMU1210", "reserved bit 64", "Reserved(52, 64)", Legacy("", more: "[Reserved(52, 64)]")),
        new("MMU1210", "reserved bits of one level", "Reserved(52, 62, Level = 1)", Legacy("", more: "[Reserved(52, 62, Level = 1)]")),
        new("MMU1211", "generation at bit 64", "MmioGeneration(54, 64)", Generation("54, 64")),
        new("MMU1211", "generation backwards", "MmioGeneration(62, 52)", Generation("62, 52")),
        new(
            "MMU1211", "mark at a negative bit", "MmioMark(-1, 2, 6)",
            Ept("").Replace("MmioMark(0,", "MmioMark(-1,", StringComparison.Ordinal)),
        new("MMU1212", "generation over bit 63", "MmioGeneration(53, 63)", Generation("53, 63")),
        new("MMU1212", "generation over the frame", "MmioGeneration(51, 61)", Generation("51, 61")),
        new(
            "MMU1212", "generation twice at one place", "MmioGeneration(9, 10)",
            Legacy("").Replace("[MmioGeneration(52, 62)]", "[MmioGeneration(9, 10)] [MmioGeneration(52, 60)]", StringComparison.Ordinal)),
        new(
            "MMU1212", "generation over W", "MmioGeneration(1, 7)",
            Legacy("").Replace("MmioGeneration(3, 9)", "MmioGeneration(1, 7)", StringComparison.Ordinal)),
        new(
            "MMU1212", "generation over the mark", "MmioGeneration(2, 8)",
            Ept("").Replace("MmioGeneration(3, 9)", "MmioGeneration(2, 8)", StringComparison.Ordinal)),
        new("MMU1213", "generation of 17 bits", Format, Generation("52, 61")),
        new(
            "MMU1213", "no generation", Format,
            Legacy("").Replace("[MmioGeneration(3, 9)]\n[MmioGeneration(52, 62)]", "", StringComparison.Ordinal)),
        new("MMU1214", "EPT format without a mark", Format, Ept("").Replace("[MmioMark(0, 2, 6)]", "", StringComparison.Ordinal)),
        new("MMU1214", "legacy format with a mark", "MmioMark(1, 2, 3)", Legacy("", more: "[MmioMark(1, 2, 3)]")),
        Mark("mark inside the frame", "12, 14, 6"),
        Mark("mark wider than its bits", "0, 2, 14"),
        Mark("negative mark", "0, 2, -2"),
        Mark("mark that zero matches", "0, 2, 0"),
        Mark("mark that frozen entries match", "1, 2, 0"),
    ];

    private static DiagnosticCase Mark(string name, string mark) => new(
        "MMU1214", name, $"MmioMark({mark})", Ept("").Replace("MmioMark(0, 2, 6)", $"MmioMark({mark})", StringComparison.Ordinal));

    private static string Generation(string high) =>
        Legacy("").Replace("MmioGeneration(52, 62)", $"MmioGeneration({high})", StringComparison.Ordinal);

    private static string Legacy(string bits, string head = "typeof(Good)", string more = "") =>
        Toys.GoodSpteLayout + Toys.SpteFormat(bits, head, more);

    private static string Ept(string more, string head = "typeof(Good)") => Toys.GoodSpteEptLayout + Toys.EptSpteFormat(more, head);

    private static string Without(string name, string source)
    {
        string[] lines = source.Split('\n');
        return string.Join('\n', Array.FindAll(lines, line => !line.Contains(" " + name + " {", StringComparison.Ordinal)));
    }
}
