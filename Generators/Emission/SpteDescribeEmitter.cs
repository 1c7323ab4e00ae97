// Generators: an entry in words.
using Mmu.Generators.Model;

namespace Mmu.Generators.Emission;

/// <summary>Emits the describer of an SPTE format.</summary>
internal static class SpteDescribeEmitter
{
    /// <summary>Writes the method.</summary>
    public static void Write(SourceWriter writer, SpteText text)
    {
        writer.Line("/// <inheritdoc/>");
        using (writer.Block("public static string Describe(ulong spte, int level)"))
        {
            using (writer.Block("if (!Spte.IsPresent(spte))"))
            {
                string present = text.IsEpt ? "" : text.Hardware("Present");
                writer.Line(text.IsEpt
                    ? "bool isMmio = (spte & MmioMask) == MmioMark;"
                    : $"bool isMmio = (spte & ({present} | Spte.Empty)) == {present};");
                writer.Line("return SpteWords.NotPresent(spte, isMmio ? MmioGeneration(spte) : null, MmioRights(spte));");
            }

            writer.Line();
            writer.Line("string kind = Spte.IsLeaf(spte, level) ? \"leaf \" : \"table \";");
            string hardware = $"new {LayoutEmitter.Identifier(text.Spec.Layout.Name)}(spte)";
            writer.Line($"var text = new StringBuilder(kind).Append({hardware}.Describe());");
            writer.Line($"var software = new {LayoutEmitter.Identifier(text.Spec.Name)}(spte);");
            foreach (FieldSpec field in text.Spec.Software)
            {
                if (field.Name == "MmuPresent")
                {
                    continue;
                }

                using (writer.Block(field.IsFlag ? $"if (software.{field.Name})" : $"if (software.{field.Name} != 0)"))
                {
                    writer.Line(field.IsFlag
                        ? $"text.Append(\" {field.Name}\");"
                        : $"text.Append(\" {field.Name}=\").Append(software.{field.Name});");
                }

                writer.Line();
            }

            writer.Line("return text.ToString();");
        }
    }
}
