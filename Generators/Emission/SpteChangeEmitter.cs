// Generators: changes of a present entry.
namespace Mmu.Generators.Emission;

/// <summary>Emits what turns one present entry into another.</summary>
internal static class SpteChangeEmitter
{
    /// <summary>Writes the methods.</summary>
    public static void Write(SourceWriter writer, SpteText text)
    {
        string writable = text.Hardware("Writable");
        string accessed = text.Hardware("Accessed");
        string dirty = text.Hardware("Dirty");
        SpteEmitter.Method(
            writer,
            "ulong WriteProtect(ulong spte, bool keepMmuWritable)",
            $"spte & ~({writable} | (keepMmuWritable ? 0 : MmuWritableMask))");

        if (text.Tracks)
        {
            using (SpteEmitter.Method(writer, "ulong RestoreWrite(ulong spte)"))
            {
                writer.Line("// W needs R, and no CPU would set D for the write that W is given back for.");
                writer.Line($"return RestoreAccess(spte) | {writable} | {dirty};");
            }

            writer.Line();
            WriteTracking(writer, text);
        }
        else
        {
            SpteEmitter.Method(writer, "ulong RestoreWrite(ulong spte)", $"spte | {writable}");
            SpteEmitter.Method(writer, "ulong ClearAccessed(ulong spte)", $"spte & ~{accessed}");
            SpteEmitter.Method(writer, "ulong RestoreAccess(ulong spte)", "spte");
        }

        SpteEmitter.Method(writer, "ulong ClearDirty(ulong spte)", text.Tracks ? $"spte & ~({writable} | {dirty})" : $"spte & ~{dirty}");
        WriteSplit(writer, text);
    }

    private static void WriteTracking(SourceWriter writer, SpteText text)
    {
        string accessed = text.Hardware("Accessed");
        using (SpteEmitter.Method(writer, "ulong ClearAccessed(ulong spte)"))
        {
            writer.Line("// Saving twice would save nothing over what was saved.");
            writer.Line($"return IsAccessTracked(spte) ? spte : (spte & ~(AllRights | {accessed})) | {text.Save()};");
        }

        writer.Line();
#if MMU_FAULT_51
        string restored = text.Unsave() + $" | (IsMmuWritable(spte) ? {text.Hardware("Writable")} : 0)";
#else
        string restored = text.Unsave();
#endif
        SpteEmitter.Method(
            writer,
            "ulong RestoreAccess(ulong spte)",
            $"IsAccessTracked(spte) ? (spte & ~AllSaved) | {accessed} | {restored} : spte");
    }

    private static void WriteSplit(SourceWriter writer, SpteText text)
    {
        using (SpteEmitter.Method(writer, "ulong SplitChild(SpteHost host, ulong hugeSpte, int hugeLevel, int index, bool executable)"))
        {
            writer.Line("// The frame of a huge page is aligned to its size, so that the child's offset finds only clear bits.");
            writer.Line("ulong child = hugeSpte | (((ulong)(uint)index << (12 + (9 * (hugeLevel - 2)))) & host.FrameMask);");
            writer.Line($"child &= hugeLevel == 2 ? ~{text.Hardware("Large")} : ulong.MaxValue;");
            if (text.Tracks)
            {
                using (writer.Block("if (executable && IsAccessTracked(child))"))
                {
                    writer.Line("return child | SavedExecutableMask | SavedUserExecutableMask;");
                }

                writer.Line();
            }

            writer.Line($"return executable ? {Executable(text)} : child;");
        }

        writer.Line();
    }

    private static string Executable(SpteText text) => text.IsEpt
        ? $"child | {text.Hardware("Executable")} | {text.Hardware("UserExecutable")}"
        : "child & ~" + text.Hardware("NoExecute");
}
