// Generators: what can be wrong with a [PagingMode] declaration.
using Microsoft.CodeAnalysis;

namespace Mmu.Generators.Parsing;

/// <summary>What can be wrong with a [PagingMode] declaration. Each has a page in docs/diagnostics.</summary>
internal static class ModeDiagnostics
{
    private const string Category = "Mmu.Generation";

    /// <summary>Number of levels out of range.</summary>
    public static readonly DiagnosticDescriptor BadLevels = new(
        "MMU1101",
        "Number of levels out of range",
        "'{0}' has {1} levels; a mode has 2 to 5, or 0 with paging off",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1101.md");

    /// <summary>Index bits out of range.</summary>
    public static readonly DiagnosticDescriptor BadIndexBits = new(
        "MMU1102",
        "Index bits out of range",
        "'{0}' has {1} index bits per level; they must be 1 to 16, or none without levels",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1102.md");

    /// <summary>Address too wide.</summary>
    public static readonly DiagnosticDescriptor AddressTooWide = new(
        "MMU1103",
        "Address too wide",
        "'{0}' translates {1} address bits; the most for its form of address is {2}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1103.md");

    /// <summary>Entry format is not a page-table layout.</summary>
    public static readonly DiagnosticDescriptor BadLayout = new(
        "MMU1104",
        "Entry format is not a page-table layout",
        "'{0}' is not a [PteLayout] struct of this project",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1104.md");

    /// <summary>Leaf at a level that does not exist.</summary>
    public static readonly DiagnosticDescriptor LeafOutOfRange = new(
        "MMU1105",
        "Leaf at a level that does not exist",
        "'{0}' has no level {1}; its levels are 1 to {2}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1105.md");

    /// <summary>No leaf at level 1.</summary>
    public static readonly DiagnosticDescriptor NoLowestLeaf = new(
        "MMU1106",
        "No leaf at level 1",
        "'{0}' needs [Leaf(1)]: entries of the lowest level always map pages",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1106.md");

    /// <summary>Leaf above level 1 without a large bit.</summary>
    public static readonly DiagnosticDescriptor NoLargeBit = new(
        "MMU1107",
        "Leaf above level 1 without a large bit",
        "A leaf at level {0} needs a field named Large in '{1}', which tells it from an entry that names a table",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1107.md");

    /// <summary>Leaf declared twice.</summary>
    public static readonly DiagnosticDescriptor DuplicateLeaf = new(
        "MMU1108",
        "Leaf declared twice",
        "Level {0} is declared a leaf twice",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1108.md");

    /// <summary>NeedsPse at level 1.</summary>
    public static readonly DiagnosticDescriptor PseAtLowestLevel = new(
        "MMU1109",
        "NeedsPse at level 1",
        "NeedsPse has no meaning at level 1, where every entry maps a page",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1109.md");

    /// <summary>Unknown enum value.</summary>
    public static readonly DiagnosticDescriptor UnknownValue = new(
        "MMU1110",
        "Unknown enum value",
        "The value of '{0}' is not a member of its enum",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1110.md");

    /// <summary>Reserved bits outside the entry.</summary>
    public static readonly DiagnosticDescriptor ReservedOutOfWidth = new(
        "MMU1111",
        "Reserved bits outside the entry",
        "Bits {0} to {1} are not a run within bits 0 to {2} of the entry",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1111.md");

    /// <summary>Reserved bits at a level that does not exist.</summary>
    public static readonly DiagnosticDescriptor ReservedLevel = new(
        "MMU1112",
        "Reserved bits at a level that does not exist",
        "'{0}' has no level {1}; its levels are 1 to {2}, and 0 means all",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1112.md");

    /// <summary>Reserved bits concern no entry.</summary>
    public static readonly DiagnosticDescriptor ReservedNowhere = new(
        "MMU1113",
        "Reserved bits concern no entry",
        "No entry of level {0} is of the kinds that In names; level 0 stands for all",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1113.md");

    /// <summary>Reserved bits cut the frame.</summary>
    public static readonly DiagnosticDescriptor ReservedFrame = new(
        "MMU1114",
        "Reserved bits cut the frame",
        "Bits {0} to {1} hold frame bits that count; only frame bits below a large page's size, in leaves of its level, can be reserved",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1114.md");

    /// <summary>Reserved bits forbid what they are reserved in.</summary>
    public static readonly DiagnosticDescriptor ReservedDecides = new(
        "MMU1115",
        "Reserved bits forbid what they are reserved in",
        "Bits {0} to {1} hold '{2}', which is always set in the entries concerned",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1115.md");

    /// <summary>Index bits of the root table out of range.</summary>
    public static readonly DiagnosticDescriptor BadRootIndexBits = new(
        "MMU1116",
        "Index bits of the root table out of range",
        "The root table has {0} index bits; they must be 1 to {1}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1116.md");

    /// <summary>Leaf in a short root table.</summary>
    public static readonly DiagnosticDescriptor LeafInRoot = new(
        "MMU1117",
        "Leaf in a short root table",
        "Entries of a [RootTable] carry no rights, so level {0} cannot map pages",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1117.md");

    /// <summary>HighFrame at a level without large leaves.</summary>
    public static readonly DiagnosticDescriptor HighFrameLevel = new(
        "MMU1118",
        "HighFrame at a level without large leaves",
        "Level {0} has no large leaf that could hold high frame bits",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1118.md");

    /// <summary>HighFrame bits collide.</summary>
    public static readonly DiagnosticDescriptor HighFramePlace = new(
        "MMU1119",
        "HighFrame bits collide",
        "Bits {0} to {1} are not free in the entry: {2}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1119.md");

    /// <summary>HighFrame address bits collide.</summary>
    public static readonly DiagnosticDescriptor HighFrameAddress = new(
        "MMU1120",
        "HighFrame address bits collide",
        "Address bits {0} to {1} must be above the frame's highest, {2}, and below 52",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1120.md");

    /// <summary>BeyondPse36 without HighFrame.</summary>
    public static readonly DiagnosticDescriptor NoHighFrame = new(
        "MMU1121",
        "BeyondPse36 without HighFrame",
        "BeyondPse36 speaks of the bits of a [HighFrame], which '{0}' lacks",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1121.md");

    /// <summary>LargePat inside the frame of a large leaf.</summary>
    public static readonly DiagnosticDescriptor LargePatInFrame = new(
        "MMU1122",
        "LargePat inside the frame of a large leaf",
        "The bit of LargePat in '{0}' is a frame bit of a leaf at level {1}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1122.md");

    /// <summary>Large page larger than the frame can place.</summary>
    public static readonly DiagnosticDescriptor NoFrameLeft = new(
        "MMU1123",
        "Large page larger than the frame can place",
        "A leaf at level {0} spans all address bits that the frame of '{1}' holds",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1123.md");

    /// <summary>Mode without levels speaks of tables.</summary>
    public static readonly DiagnosticDescriptor UnpagedWithTables = new(
        "MMU1124",
        "Mode without levels speaks of tables",
        "'{0}' has no levels, so its addresses are truncated and it has no [{1}]",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1124.md");
}
