// Generators: what must follow when one entry replaces another.
namespace Mmu.Generators.Emission;

/// <summary>Emits the rules of replacing entries.</summary>
internal static class SpteCompareEmitter
{
    // Bits of the product's SpteConsequences.
    private const int AccessedLost = 1;
    private const int DirtyLost = 2;

    /// <summary>Writes the methods.</summary>
    public static void Write(SourceWriter writer, SpteText text)
    {
        WriteAtomic(writer, text);
        WriteCompare(writer, text);
    }

    private static void WriteAtomic(SourceWriter writer, SpteText text)
    {
        if (text.Tracks)
        {
            using (SpteEmitter.Method(writer, "bool NeedsAtomic(ulong spte)"))
            {
                writer.Line("// A fault without the lock may give any entry its rights back.");
                writer.Line("return Spte.IsPresent(spte);");
            }

            writer.Line();
            return;
        }

        using (SpteEmitter.Method(writer, "bool NeedsAtomic(ulong spte)"))
        {
            writer.Line("// The CPU may set D with W, and a fault without the lock may give W back. An A that is missed only ages a page.");
            writer.Line("const ulong Leaf = MmuPresentMask | HostWritableMask;");
            writer.Line("const ulong Restorable = MmuPresentMask | MmuWritableMask;");
            string dirtying = $"(spte & (Leaf | {text.Hardware("Dirty")})) == Leaf";
#if MMU_FAULT_56
            writer.Line($"return IsWritable(spte) ? {dirtying} : (spte & Restorable) > Restorable;");
#else
            writer.Line($"return IsWritable(spte) ? {dirtying} : (spte & Restorable) == Restorable;");
#endif
        }

        writer.Line();
    }

    private static void WriteCompare(SourceWriter writer, SpteText text)
    {
        string writable = text.Hardware("Writable");
        string marks = text.Hardware("Accessed") + " | " + text.Hardware("Dirty");
        using (SpteEmitter.Method(writer, "SpteConsequences Compare(ulong old, ulong @new)"))
        {
            using (writer.Block("if (((old ^ @new) & (Spte.FrameMask | MmuPresentMask)) != 0)"))
            {
                writer.Line("// Of an entry that names something else, or nothing, nothing is kept.");
                writer.Line("return Spte.IsPresent(old) ? SpteConsequences.Flush | Lost(old) : SpteConsequences.None;");
            }

            writer.Line();
            writer.Line("ulong lost = Spte.IsPresent(old) ? old & ~@new : 0;");
            using (writer.Block($"if ((lost & ({marks})) != 0)"))
            {
                writer.Line("return SpteConsequences.Flush | Lost(lost);");
            }

            writer.Line();
            writer.Line("// Not W but MMU-writable decides: another CPU may have had W back, and lost it again without a flush.");
#if MMU_FAULT_50
            writer.Line($"bool protects = (lost & {writable}) != 0;");
#else
            writer.Line($"bool protects = (old & MmuWritableMask) != 0 && (@new & {writable}) == 0 && Spte.IsPresent(old);");
#endif
            writer.Line("return protects ? SpteConsequences.Flush : SpteConsequences.None;");
        }

        writer.Line();
        writer.Summary("What a leaf tells of its page that is gone with the given bits.");
        string accessed = text.FromEntry("bits", "Accessed", AccessedLost);
        string dirty = text.FromEntry("bits", "Dirty", DirtyLost);
        writer.Line("private static SpteConsequences Lost(ulong bits) =>");
        writer.Line($"    (SpteConsequences)({accessed} | {dirty});");
        writer.Line();
    }
}
