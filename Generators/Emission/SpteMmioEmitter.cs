// Generators: entries that stand for MMIO.
using System.Collections.Generic;
using Mmu.Generators.Model;

namespace Mmu.Generators.Emission;

/// <summary>Emits the making and reading of MMIO entries.</summary>
internal static class SpteMmioEmitter
{
    /// <summary>Writes the methods.</summary>
    public static void Write(SourceWriter writer, SpteText text)
    {
        SpteEmitter.Method(writer, "bool CachesMmio(SpteHost host)", text.IsEpt ? "true" : "host.MmioCaching");
        WriteMake(writer, text);
        WriteTest(writer, text);
        SpteEmitter.Method(writer, "ulong MmioGfn(SpteHost host, ulong spte)", "host.FindMmioAddress(spte) >> 12");
        SpteEmitter.Method(writer, "uint MmioGeneration(ulong spte)", [.. Gathered(text)]);
        string[] rights = text.IsEpt
            ? ["Rights.None"]
            :
            [
                "Rights.Read",
                "(Rights)" + text.FromEntry("spte", "Writable", SpteText.WriteRight),
                "(Rights)" + text.FromEntry("spte", "User", SpteText.UserRight),
            ];
        SpteEmitter.Method(writer, "Rights MmioRights(ulong spte)", rights);
    }

    private static void WriteMake(SourceWriter writer, SpteText text)
    {
        using (SpteEmitter.Method(writer, "ulong MakeMmio(SpteHost host, ulong gfn, Rights rights, uint generation)"))
        {
            writer.Line("// An entry that cannot say all is left empty: each access finds out anew.");
            using (writer.Block((text.IsEpt ? "if (" : "if (!host.MmioCaching || ") + "(gfn & ~(host.AddressMask >> 12)) != 0)"))
            {
                writer.Line("return Spte.Empty;");
            }

            writer.Line();
            if (text.IsEpt)
            {
                writer.Line("ulong spte = MmioMark | host.HideMmioAddress(gfn << 12);");
            }
            else
            {
                writer.Line($"ulong spte = {text.Hardware("Present")} | host.MmioMark | host.HideMmioAddress(gfn << 12);");
                string writable = text.ToEntry("(ulong)rights", SpteText.WriteRight, "Writable");
                string user = text.ToEntry("(ulong)rights", SpteText.UserRight, "User");
                writer.Line($"spte |= {writable} | {user};");
            }

            foreach (string part in Scattered(text))
            {
                writer.Line($"spte |= {part};");
            }

            writer.Line("return spte;");
        }

        writer.Line();
    }

    private static void WriteTest(SourceWriter writer, SpteText text)
    {
        if (text.IsEpt)
        {
            SpteEmitter.Method(writer, "bool IsMmio(SpteHost host, ulong spte)", "(spte & MmioMask) == MmioMark");
            return;
        }

        using (SpteEmitter.Method(writer, "bool IsMmio(SpteHost host, ulong spte)"))
        {
            writer.Line($"ulong mark = {text.Hardware("Present")} | host.MmioMark;");
            writer.Line("return host.MmioCaching && (spte & (mark | MmuPresentMask | Spte.Empty)) == mark;");
        }

        writer.Line();
    }

    private static IEnumerable<string> Scattered(SpteText text)
    {
        foreach ((BitRun run, int offset) in Runs(text))
        {
            string rest = offset == 0 ? "generation" : $"(generation >> {Literal.Number(offset)})";
            yield return $"((ulong){rest} << {Literal.Number(run.Low)}) & {Literal.Hex(run.Mask)}";
        }
    }

    private static IEnumerable<string> Gathered(SpteText text)
    {
        foreach ((BitRun run, int offset) in Runs(text))
        {
            string value = $"(uint)((spte & {Literal.Hex(run.Mask)}) >> {Literal.Number(run.Low)})";
            yield return SpteText.At(value, offset);
        }
    }

    private static IEnumerable<(BitRun Run, int Offset)> Runs(SpteText text)
    {
        int offset = 0;
        foreach (BitRun run in text.Spec.Generation)
        {
            yield return (run, offset);
            offset += run.Width;
#if MMU_FAULT_52
            yield break;
#endif
        }
    }
}
