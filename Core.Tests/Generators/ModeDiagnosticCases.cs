// Tests: illegal paging modes.
using System;
using System.Collections.Generic;

namespace Mmu.Tests.Generators;

/// <summary>Illegal paging modes.</summary>
internal static class ModeDiagnosticCases
{
    private const string Head = "typeof(Good), Levels = 4, IndexBits = 9";
    private const string Short = "typeof(Good), Levels = 3, IndexBits = 9";
    private const string Narrow = "typeof(Bad), Levels = 3, IndexBits = 10";

    private static string NoLarge => Toys.Layout("") + Toys.Mode("[Leaf(2)]", "typeof(Bad), Levels = 4, IndexBits = 9");

    /// <summary>The cases.</summary>
    public static IEnumerable<DiagnosticCase> All =>
    [
        ModeWithHead("MMU1101", "one level", "typeof(Good), Levels = 1, IndexBits = 9"),
        ModeWithHead("MMU1101", "six levels", "typeof(Good), Levels = 6, IndexBits = 9"),
        ModeWithHead("MMU1101", "levels not given", "typeof(Good), IndexBits = 9"),
        ModeWithHead("MMU1102", "index bits not given", "typeof(Good), Levels = 4"),
        ModeWithHead("MMU1102", "no index bits", "typeof(Good), Levels = 4, IndexBits = 0"),
        ModeWithHead("MMU1102", "17 index bits", "typeof(Good), Levels = 2, IndexBits = 17"),
        ModeWithHead("MMU1103", "62 address bits", "typeof(Good), Levels = 5, IndexBits = 10"),
        ModeWithHead(
            "MMU1103", "39 address bits, truncated to 32",
            "typeof(Good), Levels = 3, IndexBits = 9, Address = AddressForm.Truncated"),
        ModeWithHead("MMU1104", "layout that is a number", "typeof(ulong), Levels = 4, IndexBits = 9"),
        ModeWithHead("MMU1104", "layout that is the mode itself", "typeof(BadMode), Levels = 4, IndexBits = 9"),
        new("MMU1105", "leaf at level 5 of 4", "Leaf(5)", Toys.Mode("[Leaf(5)]")),
        new("MMU1105", "leaf at level 0", "Leaf(0)", Toys.Mode("[Leaf(0)]")),
        new(
            "MMU1106", "no leaf at level 1", $"PagingMode({Head})",
            Toys.Mode("").Replace("[Leaf(1)]", "[Leaf(2)]", StringComparison.Ordinal)),
        new("MMU1107", "large leaf in a layout without Large", "Leaf(2)", NoLarge),
        new("MMU1108", "leaf given twice", "Leaf(2)", Toys.Mode("[Leaf(2), Leaf(2)]")),
        new(
            "MMU1109", "NeedsPse at level 1", "Leaf(1, NeedsPse = true)",
            Toys.Mode("").Replace("Leaf(1)", "Leaf(1, NeedsPse = true)", StringComparison.Ordinal)),
        ModeWithHead("MMU1110", "form of address that does not exist", "typeof(Good), Levels = 4, IndexBits = 9, Address = (AddressForm)9"),
        Attribute("MMU1110", "kind of entry that does not exist", "Reserved(8, 8, In = (EntryKinds)4)"),
        Attribute("MMU1110", "condition that does not exist", "Reserved(8, 8, When = (ReservedWhen)(-1))"),
        Attribute("MMU1111", "reserved bits above the entry", "Reserved(60, 64)"),
        Attribute("MMU1111", "reserved bits backwards", "Reserved(9, 8)"),
        Attribute("MMU1111", "reserved bits below the entry", "Reserved(-1, 8)"),
        Attribute("MMU1112", "reserved bits at level 5 of 4", "Reserved(8, 8, Level = 5)"),
        Attribute("MMU1112", "reserved bits at a negative level", "Reserved(8, 8, Level = -1)"),
        Attribute("MMU1113", "reserved in no kind of entry", "Reserved(8, 8, In = EntryKinds.None)"),
        Attribute("MMU1113", "reserved in tables of level 1", "Reserved(8, 8, Level = 1, In = EntryKinds.Table)"),
        Attribute("MMU1113", "reserved in leaves of a level that has none", "Reserved(8, 8, Level = 4, In = EntryKinds.Leaf)"),
        Attribute("MMU1114", "reserved frame bits at every level", "Reserved(40, 51)"),
        Attribute("MMU1114", "reserved frame bits of a table entry", "Reserved(13, 20, Level = 2)", "[Leaf(2)]"),
        Attribute(
            "MMU1114", "reserved frame bits one above the page's size", "Reserved(13, 21, Level = 2, In = EntryKinds.Leaf)",
            "[Leaf(2)]"),
        Attribute("MMU1114", "reserved frame bits of a lowest leaf", "Reserved(12, 12, Level = 1)"),
        Attribute("MMU1115", "Present reserved", "Reserved(0, 0, When = ReservedWhen.Amd)"),
        Attribute("MMU1115", "Large reserved in large leaves", "Reserved(7, 7, Level = 2, In = EntryKinds.Leaf)", "[Leaf(2)]"),
        Attribute("MMU1116", "root without index bits", "RootTable(0)", head: Short),
        Attribute("MMU1116", "root longer than other tables", "RootTable(10)", head: Short),
        Attribute("MMU1116", "root of more registers than there are", "RootTable(3, InRegisters = true)", head: Short),
        new("MMU1117", "leaf in a short root", "Leaf(3)", Toys.Mode("[RootTable(2)] [Leaf(3)]", Short)),
        Attribute("MMU1118", "high frame at a level without leaves", "HighFrame(2, 13, 20, 52)"),
        Attribute("MMU1118", "high frame at level 1", "HighFrame(1, 13, 20, 52)"),
        Attribute("MMU1118", "high frame at level 9", "HighFrame(9, 13, 20, 52)"),
        HighFrame("MMU1119", "high frame above the entry", "HighFrame(2, 25, 32, 32)"),
        HighFrame("MMU1119", "high frame over a flag", "HighFrame(2, 6, 8, 32)"),
        HighFrame("MMU1119", "high frame over frame bits that count", "HighFrame(2, 13, 22, 32)"),
        HighFrame(
            "MMU1119", "high frame over reserved bits", "HighFrame(2, 13, 20, 32)",
            "[Reserved(13, 21, Level = 2, In = EntryKinds.Leaf)]"),
        HighFrame("MMU1120", "high frame's address inside the frame's", "HighFrame(2, 13, 20, 31)"),
        HighFrame("MMU1120", "high frame's address above bit 51", "HighFrame(2, 13, 20, 45)"),
        HighFrame("MMU1120", "high frame's address far away", "HighFrame(2, 13, 20, int.MaxValue)"),
        Attribute(
            "MMU1121", "BeyondPse36 without a high frame",
            "Reserved(13, 20, Level = 2, In = EntryKinds.Leaf, When = ReservedWhen.BeyondPse36)",
            "[Leaf(2)]"),
        new(
            "MMU1122", "LargePat within the frame of a large leaf", "Leaf(2)",
            Toys.Good.Replace("Bit(12)", "Bit(21)", StringComparison.Ordinal) + Toys.Mode("[Leaf(2)]")),
        new(
            "MMU1123", "page of 4 GiB in a frame of 32 bits", "Leaf(3)",
            Toys.Layout("[Bit(7)] public partial bool Large { get; }") + Toys.Mode("[Leaf(3)]", Narrow)),
        new("MMU1124", "paging off with a leaf", "Leaf(1)", Toys.Mode("", "typeof(Good), Levels = 0, Address = AddressForm.Truncated")),
        new(
            "MMU1124", "paging off with wide addresses", "PagingMode(typeof(Good), Levels = 0)",
            Toys.Mode("", "typeof(Good), Levels = 0").Replace("[Leaf(1)]", "", StringComparison.Ordinal)),
        ModeWithHead("MMU1102", "paging off with index bits", "typeof(Good), Levels = 0, IndexBits = 9, Address = AddressForm.Truncated"),
        new("MMU1004", "mode that is not partial", $"PagingMode({Head})", Toys.Mode("").Replace("partial ", "", StringComparison.Ordinal)),
        new("MMU1004", "nested mode", $"PagingMode({Head})", $"internal static partial class Outer {{ {Toys.Mode("")} }}"),
        new(
            "MMU1013", "modes whose names differ in case", $"PagingMode({Head})",
            Toys.Mode("") + Toys.Mode("").Replace("BadMode", "BADMode", StringComparison.Ordinal)),
    ];

    private static DiagnosticCase ModeWithHead(string id, string name, string head) =>
        new(id, name, $"PagingMode({head})", Toys.Mode("", head));

    private static DiagnosticCase Attribute(string id, string name, string attribute, string more = "", string head = Head) =>
        new(id, name, attribute, Toys.Mode($"{more} [{attribute}]", head));

    // Bits 13 to 21 of a 4-MiB leaf in a 32-bit entry are free, as where PSE-36 stands.
    private static DiagnosticCase HighFrame(string id, string name, string attribute, string more = "") => new(
        id,
        name,
        attribute,
        Toys.Layout("[Bit(7)] public partial bool Large { get; }", bits: 32)
            + Toys.Mode($"[Leaf(2)] [{attribute}] {more}", "typeof(Bad), Levels = 2, IndexBits = 10"));
}
