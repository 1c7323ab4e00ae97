// Generators: what must follow when one entry replaces another.
namespace Mmu.Generators.Emission;

/// <summary>Emits the rules of replacing entries.</summary>
internal static class SpteCompareEmitter
{
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

        string writable = text.Hardware("Writable");
        using (SpteEmitter.Method(writer, "bool NeedsAtomic(ulong spte)"))
        {
            writer.Line("// A fault without the lock may give W back, and the CPU may set D. An A that is missed only ages a page.");
#if MMU_FAULT_56
            writer.Line("bool restorable = false;");
#else
            writer.Line($"bool restorable = (spte & ({writable} | MmuWritableMask)) == MmuWritableMask;");
#endif
            writer.Line($"ulong dirty = {writable} | HostWritableMask;");
            writer.Line($"bool dirtying = (spte & (dirty | {text.Hardware("Dirty")})) == dirty;");
            writer.Line("return Spte.IsPresent(spte) && (restorable || dirtying);");
        }

        writer.Line();
    }

    private static void WriteCompare(SourceWriter writer, SpteText text)
    {
        string accessed = text.Hardware("Accessed");
        string dirty = text.Hardware("Dirty");
        using (SpteEmitter.Method(writer, "SpteConsequences Compare(ulong old, ulong @new)"))
        {
            using (writer.Block("if (!Spte.IsPresent(old))"))
            {
                writer.Line("return SpteConsequences.None;");
            }

            writer.Line();
            writer.Line("// Of an entry that names something else, or nothing, nothing is kept.");
            writer.Line("bool same = Spte.IsPresent(@new) && ((old ^ @new) & Spte.FrameMask) == 0;");
            writer.Line("ulong kept = same ? @new : 0;");
            writer.Line("ulong lost = old & ~kept;");
            writer.Line("SpteConsequences consequences = SpteConsequences.None;");
            writer.Line($"consequences |= (lost & {accessed}) != 0 ? SpteConsequences.AccessedLost : 0;");
            writer.Line($"consequences |= (lost & {dirty}) != 0 ? SpteConsequences.DirtyLost : 0;");
            writer.Line();
            writer.Line("// Not W but MMU-writable decides: another CPU may have had W back, and lost it again without a flush.");
#if MMU_FAULT_50
            writer.Line($"bool protects = (lost & {text.Hardware("Writable")}) != 0;");
#else
            writer.Line($"bool protects = (old & MmuWritableMask) != 0 && (kept & {text.Hardware("Writable")}) == 0;");
#endif
            writer.Line("bool flush = !same || protects || consequences != SpteConsequences.None;");
            writer.Line("return flush ? consequences | SpteConsequences.Flush : consequences;");
        }

        writer.Line();
    }
}
