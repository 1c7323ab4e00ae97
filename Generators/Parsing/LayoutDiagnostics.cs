// Generators: what can be wrong with a [PteLayout] declaration.
using Microsoft.CodeAnalysis;

namespace Mmu.Generators.Parsing;

/// <summary>What can be wrong with a [PteLayout] declaration. Each has a page in docs/diagnostics.</summary>
internal static class LayoutDiagnostics
{
    private const string Category = "Mmu.Generation";

    /// <summary>Bits overlap.</summary>
    public static readonly DiagnosticDescriptor BitsOverlap = new(
        "MMU1001",
        "Bits overlap",
        "'{0}' and '{1}' of '{2}' share bit {3}; only Pat over Large and LargePat over Frame may do so",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1001.md");

    /// <summary>Bit outside the entry.</summary>
    public static readonly DiagnosticDescriptor BitOutOfWidth = new(
        "MMU1002",
        "Bit outside the entry",
        "'{0}' takes bits {1} to {2}, but the entry has bits 0 to {3}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1002.md");

    /// <summary>Bits in the wrong order.</summary>
    public static readonly DiagnosticDescriptor RunReversed = new(
        "MMU1003",
        "Bits in the wrong order",
        "'{0}' starts at bit {1}, above its last bit {2}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1003.md");

    /// <summary>Declaration is not a plain partial struct.</summary>
    public static readonly DiagnosticDescriptor BadStruct = new(
        "MMU1004",
        "Declaration is not a plain partial struct",
        "'{0}' must be a partial, top-level, non-generic struct with an ASCII name: {1}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1004.md");

    /// <summary>Field is not a partial property.</summary>
    public static readonly DiagnosticDescriptor BadProperty = new(
        "MMU1005",
        "Field is not a partial property",
        "'{0}' must be a partial instance property with only a getter, left for the generator to implement",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1005.md");

    /// <summary>Wrong type of field.</summary>
    public static readonly DiagnosticDescriptor BadPropertyType = new(
        "MMU1006",
        "Wrong type of field",
        "'{0}' must be a {1}, because it carries [{2}]",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1006.md");

    /// <summary>Required field is missing.</summary>
    public static readonly DiagnosticDescriptor MissingField = new(
        "MMU1007",
        "Required field is missing",
        "'{0}' lacks the field '{1}', which every {2} format has",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1007.md");

    /// <summary>Both families of formats mixed.</summary>
    public static readonly DiagnosticDescriptor MixedFamilies = new(
        "MMU1008",
        "Both families of formats mixed",
        "'{0}' has '{1}' of the legacy formats and '{2}' of the EPT formats",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1008.md");

    /// <summary>Entry is neither 32 nor 64 bits wide.</summary>
    public static readonly DiagnosticDescriptor BadEntryWidth = new(
        "MMU1009",
        "Entry is neither 32 nor 64 bits wide",
        "'{0}' has entries of {1} bits; they must have 32 or 64",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1009.md");

    /// <summary>Field of a known name has the wrong shape.</summary>
    public static readonly DiagnosticDescriptor BadRole = new(
        "MMU1010",
        "Field of a known name has the wrong shape",
        "'{0}' must be {1}, because of its name",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1010.md");

    /// <summary>Name is needed by the generator.</summary>
    public static readonly DiagnosticDescriptor NameTaken = new(
        "MMU1011",
        "Name is needed by the generator",
        "'{0}' has a name that the generator gives to a member of its own",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1011.md");

    /// <summary>Field has two places.</summary>
    public static readonly DiagnosticDescriptor TwoPlaces = new(
        "MMU1012",
        "Field has two places",
        "'{0}' carries both [Bit] and [Bits]",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1012.md");

    /// <summary>Two declarations of one name.</summary>
    public static readonly DiagnosticDescriptor NameClash = new(
        "MMU1013",
        "Two declarations of one name",
        "Another declaration is also named '{0}', but for case; emitted files and types are named after declarations",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/diagnostics/MMU1013.md");
}
