// Generators: what can be wrong with a [SpteFormat] declaration.
using Microsoft.CodeAnalysis;

namespace Mmu.Generators.Parsing;

/// <summary>What can be wrong with a [SpteFormat] declaration. Each has a page in docs/diagnostics.</summary>
internal static class SpteDiagnostics
{
    private const string Category = "Mmu.Generation";

    /// <summary>Format is not on a 64-bit page-table layout.</summary>
    public static readonly DiagnosticDescriptor BadLayout = new(
        "MMU1201",
        "Format is not on a 64-bit page-table layout",
        "'{0}' names '{1}', which is not a struct with [PteLayout(64)]",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1201.md");

    /// <summary>Layout lacks what an SPTE needs.</summary>
    public static readonly DiagnosticDescriptor LayoutLacks = new(
        "MMU1202",
        "Layout lacks what an SPTE needs",
        "'{0}' is on '{1}', which lacks {2}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1202.md");

    /// <summary>Software bits overlap.</summary>
    public static readonly DiagnosticDescriptor SoftwareOverlap = new(
        "MMU1203",
        "Software bits overlap",
        "'{0}' takes a bit of '{1}'",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1203.md");

    /// <summary>Software bit where the CPU reads.</summary>
    public static readonly DiagnosticDescriptor HardwarePlace = new(
        "MMU1204",
        "Software bit where the CPU reads",
        "'{0}' takes a bit of '{1}' of '{2}', which the CPU reads",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1204.md");

    /// <summary>Bit in a reserved place.</summary>
    public static readonly DiagnosticDescriptor BitReserved = new(
        "MMU1205",
        "Bit in a reserved place",
        "'{0}' is at bit {1}, which the format declares reserved",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1205.md");

    /// <summary>Software bit is missing.</summary>
    public static readonly DiagnosticDescriptor MissingField = new(
        "MMU1206",
        "Software bit is missing",
        "'{0}' lacks '{1}'",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1206.md");

    /// <summary>Software bit of unknown meaning.</summary>
    public static readonly DiagnosticDescriptor UnknownField = new(
        "MMU1207",
        "Software bit of unknown meaning",
        "'{0}' is no software bit that a format like '{1}' has",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1207.md");

    /// <summary>Software bit has the wrong shape.</summary>
    public static readonly DiagnosticDescriptor BadShape = new(
        "MMU1208",
        "Software bit has the wrong shape",
        "'{0}' must be {1}, because of its name",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1208.md");

    /// <summary>Access tracking without rights to take away.</summary>
    public static readonly DiagnosticDescriptor NothingToSave = new(
        "MMU1209",
        "Access tracking without rights to take away",
        "'{0}' has SoftwareAccessedDirty, but entries of '{1}' cannot lose all rights and stay what they are",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1209.md");

    /// <summary>Reserved bits of an SPTE format cannot be read.</summary>
    public static readonly DiagnosticDescriptor BadReserved = new(
        "MMU1210",
        "Reserved bits of an SPTE format cannot be read",
        "'{0}' reserves bits {1} to {2}; a format takes runs within 0 to 63, without conditions",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1210.md");

    /// <summary>MMIO bits outside the entry.</summary>
    public static readonly DiagnosticDescriptor MmioOutOfWidth = new(
        "MMU1211",
        "MMIO bits outside the entry",
        "'{0}' places something of its MMIO entries at bits {1} to {2}; the entry has bits 0 to 63",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1211.md");

    /// <summary>MMIO generation collides.</summary>
    public static readonly DiagnosticDescriptor GenerationCollides = new(
        "MMU1212",
        "MMIO generation collides",
        "'{0}' keeps a part of the generation at bits {1} to {2}, some of which are taken",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1212.md");

    /// <summary>MMIO generation is not 18 bits wide.</summary>
    public static readonly DiagnosticDescriptor GenerationWidth = new(
        "MMU1213",
        "MMIO generation is not 18 bits wide",
        "'{0}' has room for {1} bits of the generation; it has 18",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1213.md");

    /// <summary>MMIO mark cannot be used.</summary>
    public static readonly DiagnosticDescriptor BadMark = new(
        "MMU1214",
        "MMIO mark cannot be used",
        "The [MmioMark] of '{0}' cannot be used: {1}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1214.md");
}
