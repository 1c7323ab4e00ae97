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
                string beyond = $"((ulong.MaxValue << inputs.PhysicalAddressBits) & {Literal.Hex(text.FrameAddressMask)})";
                beyond = text.FrameShift switch
                {
                    0 => beyond,
                    > 0 => $"({beyond} << {Literal.Number(text.FrameShift)})",
                    _ => $"({beyond} >> {Literal.Number(-text.FrameShift)})",
                };
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
        WriteMasks(writer, text);
    }

    private static void WriteMasks(SourceWriter writer, WalkerText text)
    {
        writer.Summary("Places required rights, and a user right that is forbidden, as bits of the format.");
        using (writer.Block("internal static void FillMasks(uint required, bool forbidsUser, ref AccessPlan plan)"))
        {
            string present = text.IsEpt ? "Readable" : "Present";
            string user = text.IsEpt ? "UserExecutable" : "User";
            List<string> must = [Literal.Hex(text.Mode.Layout.Mask(present)), Required(text, "Write", "Writable"), Required(text, "User", user)];
            if (text.IsEpt)
            {
                must.Add(Required(text, "Execute", "Executable"));
            }

            writer.Line($"plan.Must = {Join(must)};");
            writer.Line($"plan.MustNotAll = forbidsUser ? {Literal.Hex(text.Mode.Layout.Mask(user))} : 0;");
            writer.Line($"plan.MustNotAny = {(text.Has("NoExecute") ? Required(text, "Execute", "NoExecute") : "0")};");
        }

        writer.Line();
    }

    private static string Required(WalkerText text, string right, string field) =>
        $"((required & (uint)Rights.{right}) != 0 ? {Literal.Hex(text.Mode.Layout.Mask(field))} : 0)";

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
