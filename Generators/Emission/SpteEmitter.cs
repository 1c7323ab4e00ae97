// Generators: the codec of one SPTE format: file header, constants, and the order of its parts.
using System.Linq;
using Mmu.Generators.Model;

namespace Mmu.Generators.Emission;

/// <summary>Emits the codec of one SPTE format. Its parts: making, MMIO, reading, changing, comparing, describing.</summary>
internal static class SpteEmitter
{
    private const int Width = 120;
    private const string Inlined = "[MethodImpl(MethodImplOptions.AggressiveInlining)]";

    /// <summary>Name of the emitted file.</summary>
    public static string HintName(SpteSpec spec) => "Sptes/" + spec.Name + ".Spte.g.cs";

    /// <summary>The emitted file.</summary>
    public static string Emit(SpteSpec spec)
    {
        SpteText text = new(spec);
        SourceWriter writer = new();
        string qualified = spec.Namespace.Length == 0 ? spec.Name : spec.Namespace + "." + spec.Name;
        writer.FileHeader("the [SpteFormat] declaration of " + qualified, spec.Namespace);
        string[] usings = ["System.Runtime.CompilerServices", "System.Text", "Mmu.Architecture", "Mmu.Sptes", spec.Layout.Namespace];
        foreach (string name in usings.Where(name => name.Length != 0 && name != spec.Namespace).Distinct())
        {
            writer.Line("using " + name + ";");
        }

        writer.Line();
        using (writer.Block($"readonly partial struct {LayoutEmitter.Identifier(spec.Name)} : ISpteFormat"))
        {
            Constants(writer, text);
            LayoutEmitter.WriteStorage(writer, spec.Name, "ulong");
            LayoutEmitter.WriteProperties(writer, spec.Software);
            writer.Line("/// <inheritdoc/>");
            writer.Line($"public static string Name => \"{spec.Name}\";");
            writer.Line();
            SpteMakeEmitter.Write(writer, text);
            SpteMmioEmitter.Write(writer, text);
            SpteReadEmitter.Write(writer, text);
            SpteChangeEmitter.Write(writer, text);
            SpteCompareEmitter.Write(writer, text);
            SpteDescribeEmitter.Write(writer, text);
        }

        return writer.ToString();
    }

    /// <summary>Opens a method of the interface.</summary>
    public static SourceWriter.Scope Method(SourceWriter writer, string header)
    {
        writer.Line("/// <inheritdoc/>");
        writer.Line(Inlined);
        return writer.Block("public static " + header);
    }

    /// <summary>Writes a method of the interface that is the OR of terms.</summary>
    public static void Method(SourceWriter writer, string header, params string[] terms)
    {
        writer.Line("/// <inheritdoc/>");
        writer.Line(Inlined);
        string line = $"public static {header} => {string.Join(" | ", terms)};";
        writer.Line(line.Length <= Width ? line : $"public static {header} =>\n    {Or("        ", terms)};");
        writer.Line();
    }

    /// <summary>The OR of terms, one line each, indented, if they are too long for one.</summary>
    public static string Or(string indent, string[] terms)
    {
        string line = string.Join(" | ", terms);
        return line.Length <= Width ? line : string.Join("\n" + indent + "| ", terms);
    }

    private static void Constants(SourceWriter writer, SpteText text)
    {
        LayoutEmitter.WriteConstants(writer, text.Spec.Software);
        string always = text.IsEpt ? text.Hardware("SuppressVe") : text.Hardware("Present");
        string type = text.Tracks ? " | (1UL << AccessedDirtyTypeShift)" : "";
        writer.Summary("What is set in every present entry.");
        writer.Line($"private const ulong Always = MmuPresentMask | {always}{type};");
        writer.Line();
        if (text.Tracks)
        {
            writer.Summary("What the CPU would allow: clear in an access-tracked entry.");
            writer.Line($"private const ulong AllRights = {string.Join(" | ", SpteText.EptRights.Select(text.Hardware))};");
            writer.Line();
            writer.Summary("The rights of an access-tracked entry.");
            writer.Line("private const ulong AllSaved = SavedReadableMask | SavedExecutableMask | SavedUserExecutableMask;");
            writer.Line();
        }

        if (text.Spec.Mark is { } mark)
        {
            writer.Summary("What marks an MMIO entry.");
            writer.Line($"private const ulong MmioMark = {Literal.Hex(mark.InPlace)};");
            writer.Line();
            writer.Summary("The bits in which an MMIO entry equals <see cref=\"MmioMark\"/>.");
            writer.Line($"private const ulong MmioMask = {Literal.Hex(mark.Run.Mask)} | MmuPresentMask | Spte.Empty;");
            writer.Line();
        }
    }
}
