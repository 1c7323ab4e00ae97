// Generators: the body of a page-table entry type.
using Microsoft.CodeAnalysis.CSharp;
using Mmu.Generators.Model;

namespace Mmu.Generators.Emission;

/// <summary>Emits masks, accessors and describer of a page-table entry format.</summary>
internal static class LayoutEmitter
{
    /// <summary>Hint name of the emitted file.</summary>
    public static string HintName(LayoutSpec layout) => $"Formats/{layout.Name}.Layout.g.cs";

    /// <summary>Emits the file.</summary>
    public static string Emit(LayoutSpec layout)
    {
        var writer = new SourceWriter();
        string qualified = layout.Namespace.Length == 0 ? layout.Name : layout.Namespace + "." + layout.Name;
        writer.FileHeader("the [PteLayout] declaration of " + qualified, layout.Namespace);
        using (writer.Block("readonly partial struct " + Identifier(layout.Name)))
        {
            WriteConstants(writer, layout.Fields);
            WriteStorage(writer, layout.Name, layout.Bits == 32 ? "uint" : "ulong");
            WriteProperties(writer, layout.Fields);
            WriteDescriber(writer, layout);
        }

        return writer.ToString();
    }

    /// <summary>Writes a mask a field, and a shift for those of several bits.</summary>
    public static void WriteConstants(SourceWriter writer, EquatableArray<FieldSpec> fields)
    {
        foreach (FieldSpec field in fields)
        {
            writer.Summary($"{Place(field)} of the entry: <see cref=\"{Identifier(field.Name)}\"/>.");
            writer.Line($"internal const ulong {field.Name}Mask = {Literal.Hex(field.Mask)};");
            writer.Line();
            if (!field.IsFlag)
            {
                writer.Summary($"Lowest bit of <see cref=\"{Identifier(field.Name)}\"/>.");
                writer.Line($"internal const int {field.Name}Shift = {Literal.Number(field.Low)};");
                writer.Line();
            }
        }
    }

    /// <summary>Writes the word that the struct wraps.</summary>
    public static void WriteStorage(SourceWriter writer, string name, string word)
    {
        writer.Line($"private readonly {word} _value;");
        writer.Line();
        writer.Summary("Takes an entry as it stands in memory.");
        writer.Line($"public {Identifier(name)}({word} value) => _value = value;");
        writer.Line();
        writer.Summary("The entry as it stands in memory.");
        writer.Line($"public {word} Value => _value;");
        writer.Line();
    }

    /// <summary>Writes the bodies of the properties.</summary>
    public static void WriteProperties(SourceWriter writer, EquatableArray<FieldSpec> fields)
    {
        foreach (FieldSpec field in fields)
        {
            string body = field.IsFlag ? $"(_value & {field.Name}Mask) != 0" : $"(_value & {field.Name}Mask) >> {field.Name}Shift";
            string type = field.IsFlag ? "bool" : "ulong";
            string modifiers = field.Modifiers.Length == 0 ? "" : field.Modifiers + " ";
            writer.Line($"{modifiers}partial {type} {Identifier(field.Name)} => {body};");
            writer.Line();
        }
    }

    private static void WriteDescriber(SourceWriter writer, LayoutSpec layout)
    {
        writer.Summary("Names the bits that are set and the fields that are not zero, as in <c>P W U A D frame=0x1234</c>.");
        using (writer.Block("public string Describe()"))
        {
            writer.Line("var text = new global::System.Text.StringBuilder();");
            foreach (FieldSpec field in layout.Fields)
            {
                if (IsAlias(layout, field) || field.Name == "Frame")
                {
                    continue;
                }

                string append = field.IsFlag
                    ? $"text.Append(\"{ShortName(field.Name)} \");"
                    : $"text.Append(\"{ShortName(field.Name)}=\").Append({Identifier(field.Name)}).Append(' ');";
                using (writer.Block(field.IsFlag ? $"if ({Identifier(field.Name)})" : $"if ({Identifier(field.Name)} != 0)"))
                {
                    writer.Line(append);
                }

                writer.Line();
            }

            writer.Line("var culture = global::System.Globalization.CultureInfo.InvariantCulture;");
            writer.Line("text.Append(\"frame=0x\").Append(Frame.ToString(\"x\", culture));");
            writer.Line("return text.ToString();");
        }

        writer.Line();
        writer.Line("/// <inheritdoc/>");
        writer.Line("public override string ToString() => Describe();");
    }

    // A bit with a second meaning in some entries would show up twice.
    private static bool IsAlias(LayoutSpec layout, FieldSpec field)
    {
        foreach (FieldSpec other in layout.Fields)
        {
            if (other != field && (other.Mask & field.Mask) != 0 && field.Name is "Pat" or "LargePat")
            {
                return true;
            }
        }

        return false;
    }

    private static string Place(FieldSpec field) =>
        field.Width == 1 ? $"Bit {Literal.Number(field.Low)}" : $"Bits {Literal.Number(field.High)}:{Literal.Number(field.Low)}";

    private static string ShortName(string name) => name switch
    {
        "Present" => "P",
        "Writable" => "W",
        "User" => "U",
        "Readable" => "R",
        "Executable" => "X",
        "UserExecutable" => "XU",
        "WriteThrough" => "PWT",
        "CacheDisable" => "PCD",
        "Accessed" => "A",
        "Dirty" => "D",
        "Large" => "PS",
        "Global" => "G",
        "Pat" => "PAT",
        "LargePat" => "PAT",
        "NoExecute" => "NX",
        "IgnorePat" => "IPAT",
        "MemoryType" => "type",
        "ProtectionKey" => "key",
        _ => name,
    };

    /// <summary>A name as it is written in source.</summary>
    public static string Identifier(string name) => SyntaxFacts.GetKeywordKind(name) == SyntaxKind.None ? name : "@" + name;
}
