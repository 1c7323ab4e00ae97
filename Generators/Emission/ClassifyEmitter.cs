// Generators: what a single entry says, for code that walks whole address spaces.
using System.Linq;

namespace Mmu.Generators.Emission;

/// <summary>Emits the reading of one entry: absent, malformed, a table or a page, and where.</summary>
internal static class ClassifyEmitter
{
    /// <summary>Writes the methods.</summary>
    public static void Write(SourceWriter writer, WalkerText text)
    {
        writer.Summary("Says what one entry is, and the address it names.");
        using (writer.Block("internal static EntryClass Classify(WalkContext context, int level, ulong entry, out ulong address)"))
        {
            writer.Line("address = 0;");
            string malformed = text.IsEpt ? "context.PresentMask" : "Present";
            using (writer.Block($"if ((entry & {malformed}) == 0)"))
            {
                writer.Line("return EntryClass.Absent;");
            }

            writer.Line();
            using (writer.Block("bool isLeaf = level switch", "};"))
            {
                foreach (int level in text.LeafLevels)
                {
                    writer.Line($"{Literal.Number(level)} => {IsLeaf(text, level)},");
                }

                writer.Line("_ => false,");
            }

            writer.Line("ulong reserved = isLeaf ? context.Reserved.Leaf[level] : context.Reserved.Table[level];");
            string bad = text.IsEpt
                ? " || EptRules.HasBadRights(entry, context.ExecuteOnly, context.ModeBasedExecute)" + (text.Has("MemoryType") ? " || (isLeaf && EptRules.HasBadMemoryType(entry))" : string.Empty)
                : string.Empty;
            using (writer.Block($"if ((entry & reserved) != 0{bad})"))
            {
                writer.Line("return EntryClass.Malformed;");
            }

            writer.Line();
            using (writer.Block("if (!isLeaf)"))
            {
                writer.Line($"address = {text.TableAddress("entry")};");
                writer.Line("return EntryClass.Table;");
            }

            writer.Line();
            writer.Line("const ulong gva = 0;");
            using (writer.Block("address = level switch", "};"))
            {
                foreach (int level in text.LeafLevels)
                {
                    writer.Line($"{Literal.Number(level)} => {text.LeafAddress(level, "entry")},");
                }

                writer.Line("_ => 0,");
            }

            writer.Line("return EntryClass.Page;");
        }

        writer.Line();
        writer.Summary("The rights of a path, from the AND and the OR of its entries.");
        writer.Line($"internal static uint RightsOf(ulong all, ulong any) => {text.Rights("all", "any")};");
        writer.Line();
    }

    private static string IsLeaf(WalkerText text, int level) => level == 1
        ? "true"
        : $"(entry & {(text.Mode.Leaves.First(leaf => leaf.Level == level).NeedsPse ? "context.LargeMask" : "Large")}) != 0";
}
