// Generators: making of present entries.
using System.Linq;

namespace Mmu.Generators.Emission;

/// <summary>Emits the making of leaves and of entries that name tables.</summary>
internal static class SpteMakeEmitter
{
    // Numbers of the product's LeafTraits.
    private const int DirtyTrait = 3;

    /// <summary>Writes the methods.</summary>
    public static void Write(SourceWriter writer, SpteText text)
    {
        WriteLeaf(writer, text);
        WriteNonLeaf(writer, text);
    }

    private static void WriteLeaf(SourceWriter writer, SpteText text)
    {
        using (SpteEmitter.Method(writer, "ulong MakeLeaf(SpteHost host, in LeafSpec spec)"))
        {
            writer.Line("ulong rights = (ulong)spec.Rights;");
            writer.Line("ulong traits = (ulong)spec.Traits;");
            writer.Line();
            string why = text.IsEpt ? "; EPT has no W without R." : ".";
            writer.Line("// Each needs the one before it: host-writable, MMU-writable, W" + why);
            writer.Line("ulong hostWritable = traits & 1;");
            writer.Line("ulong mmuWritable = (traits >> 1) & hostWritable" + (text.IsEpt ? " & rights;" : ";"));
#if MMU_FAULT_54
            writer.Line("ulong writable = (rights >> 1) & hostWritable;");
#else
            writer.Line("ulong writable = (rights >> 1) & mmuWritable;");
#endif
            writer.Line("ulong spte = Always | (spec.Frame & host.FrameMask);");
            string written = string.Join(
                " | ",
                SpteText.At("writable", text.BitOf("Writable")),
                SpteText.At("writable", text.BitOf("Dirty")),
                SpteText.At("hostWritable", text.Spec.Find("HostWritable")!.Low),
                SpteText.At("mmuWritable", text.Spec.Find("MmuWritable")!.Low));
            writer.Line($"spte |= {written};");
            writer.Line($"spte |= {string.Join(" | ", text.FromRights())} | {text.ToEntry("traits", DirtyTrait, "Dirty")};");
            writer.Line($"spte |= spec.Level > 1 ? {text.Hardware("Large")} : 0;");
            writer.Line("spte |= (spec.Traits & LeafTraits.NoEncryption) != 0 ? 0 : host.EncryptionBit;");
            if (text.Spec.ProtectionKeys)
            {
                string key = text.Spec.Layout.Name + ".ProtectionKey";
                writer.Line($"spte |= ((ulong)spec.Key << {key}Shift) & {key}Mask;");
            }

            if (text.IsEpt)
            {
                string type = text.Spec.Layout.Name + ".MemoryType";
                writer.Line($"spte |= ((ulong)spec.MemoryType << {type}Shift) & {type}Mask;");
                writer.Line($"spte |= spec.IgnorePat ? {text.Hardware("IgnorePat")} : 0;");
            }

            writer.Line("bool accessed = (spec.Traits & (LeafTraits.Accessed | LeafTraits.AccessTracked)) == LeafTraits.Accessed;");
            writer.Line(text.Tracks
                ? $"return accessed ? spte | {text.Hardware("Accessed")} : ClearAccessed(spte);"
                : $"return accessed ? spte | {text.Hardware("Accessed")} : spte;");
        }

        writer.Line();
    }

    private static void WriteNonLeaf(SourceWriter writer, SpteText text)
    {
        string[] rights = text.IsEpt ? SpteText.EptRights : ["Writable", "User"];
        string[] accessed = text.Tracks ? [] : ["Accessed"];
        string[] hardware = [.. rights.Concat(accessed).Select(text.Hardware)];
        SpteEmitter.Method(
            writer,
            "ulong MakeNonLeaf(SpteHost host, ulong frame)",
            ["Always", .. hardware, "host.EncryptionBit", "(frame & host.FrameMask)"]);
    }
}
