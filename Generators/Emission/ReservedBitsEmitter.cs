// Generators: reserved-bit masks.
using System.Collections.Generic;
using System.Linq;
using Mmu.Generators.Model;

namespace Mmu.Generators.Emission;

/// <summary>Emits the computation of a mode's reserved bits from the facts they depend on.</summary>
internal static class ReservedBitsEmitter
{
    /// <summary>Writes the method.</summary>
    public static void Write(SourceWriter writer, WalkerText text)
    {
        writer.Summary("Computes which bits are reserved, by level and kind of entry.");
        using (writer.Block("internal static void FillReserved(in ReservedInputs inputs, ref ReservedMasks masks)"))
        {
            writer.Line("masks = default;");
            if (text.HasCommonReserved)
            {
                FieldSpec frame = text.Mode.Layout.Find("Frame")!;
                string bits = text.FrameShift == 0 ? "inputs.PhysicalAddressBits" : $"(inputs.PhysicalAddressBits + {Literal.Number(text.FrameShift)})";
                string beyond = $"((ulong.MaxValue << {bits}) & {Literal.Hex(frame.Mask)})";
                writer.Line($"masks.Common = {Join(text.CommonRules.Select(Term).Prepend(beyond))};");
            }

            foreach (int level in text.LevelsDownTo(1))
            {
                if (level > 1 && !text.Mode.InRegisters(level))
                {
                    Mask(writer, text, level, leaf: false);
                }

                if (text.Mode.LeafAt(level) is not null)
                {
                    Mask(writer, text, level, leaf: true);
                }
            }
        }

        writer.Line();
    }

    private static void Mask(SourceWriter writer, WalkerText text, int level, bool leaf) =>
        writer.Line($"masks.{(leaf ? "Leaf" : "Table")}[{Literal.Number(level)}] = {Join(text.OwnRules(level, leaf).Select(Term).Prepend("masks.Common"))};");

    private static string Join(IEnumerable<string> terms) => string.Join(" | ", terms);

    private static string Term(ReservedSpec rule) => rule.When switch
    {
        "Always" => Literal.Hex(rule.Mask),
        "BeyondPse36" => $"(inputs.BeyondPse36 & {Literal.Hex(rule.Mask)})",
        _ => $"(inputs.{rule.When} ? {Literal.Hex(rule.Mask)} : 0)",
    };
}
