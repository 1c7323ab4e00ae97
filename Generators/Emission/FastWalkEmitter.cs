// Generators: the fast walk: all entries are loaded first, then every check is made on their AND and OR at once.
using System.Collections.Generic;
using System.Linq;
using Mmu.Generators.Model;

namespace Mmu.Generators.Emission;

/// <summary>Emits the fast walk. Whatever is unusual goes, with the entries already read, to the level-by-level walk.</summary>
internal static class FastWalkEmitter
{
    /// <summary>Writes the fast walk and what it falls back to.</summary>
    public static void Write(SourceWriter writer, WalkerText text)
    {
        writer.Summary("Walks from the root to the leaf: loads first, then every check at once. Anything unusual is decided from the same entries, level by level.");
        using (writer.Block(
            "internal static bool Walk<TView, TMarking>(WalkContext context, ref TView view, ulong gva, uint access, ref WalkResult result)\n"
            + "    where TView : struct, IGuestView\n"
            + "    where TMarking : struct, IMarking"))
        {
            AddressCheck(writer, text, "Unusual<TView, TMarking>(context, ref view, gva, access, ref result)");
            writer.Line("GuestWindow window = view.TableWindow;");
            writer.Line("ref readonly AccessPlan plan = ref context.Plans[(int)(access & 63)];");
            writer.Line("ulong table = context.Root;");
            foreach (int level in text.LevelsDownTo(1))
            {
                writer.Line();
                writer.Line("// Level " + Literal.Number(level) + ".");
                Load(writer, text, level);
                Descend(writer, text, level);
            }
        }

        writer.Line();
        WriteSlow(writer);
        if (text.Mode.Address == AddressForm.Canonical)
        {
            WriteUnusual(writer, text);
        }
    }

    /// <summary>Writes the check of the address before the tables.</summary>
    public static void AddressCheck(SourceWriter writer, WalkerText text, string whenNotCanonical)
    {
        string bits = Literal.Number(text.Mode.AddressBits);
        switch (text.Mode.Address)
        {
            case AddressForm.Truncated:
                writer.Line($"gva &= 0x{BitMask.Of(0, text.Mode.AddressBits - 1):x};");
                break;
            case AddressForm.ZeroExtended:
                using (writer.Block($"if (gva >> {bits} != 0)"))
                {
                    writer.Line($"return WalkFaults.RaiseBeforeTables(context, FaultCause.AddressTooWide, {Literal.Number(text.Mode.Levels)}, gva, access, ref result);");
                }

                writer.Line();
                break;
            default:
                using (writer.Block("if (!IsCanonical(gva))"))
                {
                    writer.Line("return " + whenNotCanonical + ";");
                }

                writer.Line();
                break;
        }
    }

    private static void Load(SourceWriter writer, WalkerText text, int level)
    {
        string entry = WalkerText.Entry(level);
        if (text.Mode.InRegisters(level))
        {
            writer.Line($"ulong {entry} = context.Pdptes[{text.Index(level)}];");
            return;
        }

        // A table of one page lies in a window as a whole; only larger ones can stick out.
        string holds = text.TableBytes > 4096 && text.Mode.HasRights(level)
            ? $"!window.Holds(table) || !window.Holds(table + 0x{text.TableBytes - 1:x})"
            : "!window.Holds(table)";
        using (writer.Block($"if ({holds})"))
        {
            string locate = text.TableBytes > 4096 ? $"!view.TryLocate(table) || !view.TableWindow.Holds(table + 0x{text.TableBytes - 1:x})" : "!view.TryLocate(table)";
            using (writer.Block($"if ({locate})"))
            {
                writer.Line(Slow(text, level + 1));
            }

            writer.Line();
            writer.Line("window = view.TableWindow;");
        }

        writer.Line();
        writer.Line($"ulong {entry} = GuestWindow.Load{Literal.Number(text.Mode.Layout.Bits)}(window.Row({text.Offset(level)}), table);");
    }

    private static void Descend(SourceWriter writer, WalkerText text, int level)
    {
        if (level == 1)
        {
            Leaf(writer, text, level);
            return;
        }

        if (text.IsLeaf(level) is { } isLeaf)
        {
            using (writer.Block($"if ({isLeaf})"))
            {
                Leaf(writer, text, level);
            }

            writer.Line();
        }

        writer.Line($"table = {text.TableAddress(WalkerText.Entry(level))};");
    }

    private static void Leaf(SourceWriter writer, WalkerText text, int level)
    {
        string leaf = WalkerText.Entry(level);
        string suffix = Literal.Number(level);
        string[] entries = [.. text.LevelsDownTo(level).Where(text.Mode.HasRights).Select(WalkerText.Entry)];
        writer.Line($"ulong all{suffix} = {string.Join(" & ", entries)};");
        bool needsAny = text.HasCommonReserved || text.Has("NoExecute");
        if (needsAny)
        {
            writer.Line($"ulong any{suffix} = {string.Join(" | ", entries)};");
        }

        writer.Line($"uint rights{suffix} = {text.Rights("all" + suffix, "any" + suffix)};");
        writer.Line($"ulong suspect{suffix} = {string.Join("\n    | ", Suspicions(text, level))};");
        if (text.Has("Accessed"))
        {
            using (writer.Block("if (TMarking.Enabled)"))
            {
                writer.Line($"suspect{suffix} |= (~all{suffix} & {(text.IsEpt ? "context.AccessedMask" : "Accessed")}) | (~{leaf} & plan.LeafMust);");
            }

            writer.Line();
        }

        using (writer.Block($"if (suspect{suffix} != 0)"))
        {
            writer.Line(Slow(text, level));
        }

        writer.Line();
        writer.Line($"ulong gpa{suffix} = {text.LeafAddress(level, leaf)};");
        writer.Line($"result.GpaValue = gpa{suffix};");
        writer.Line($"result.EntryValueBits = {leaf};");
        writer.Line($"result.Info = context.ResultBase | {StepWalkEmitter.LeafInfo(text, level)} | ((ulong)rights{suffix} << WalkResult.RightsShift);");
        writer.Line($"result.HostValue = window.Holds(gpa{suffix}) ? window.HostOf(gpa{suffix}) : view.HostOf(gpa{suffix});");
        writer.Line("return true;");
    }

    private static IEnumerable<string> Suspicions(WalkerText text, int leafLevel)
    {
        string leaf = WalkerText.Entry(leafLevel);
        string suffix = Literal.Number(leafLevel);
        yield return $"(((uint)plan.Suspect >> (int)rights{suffix}) & 1)";
        if (text.HasCommonReserved)
        {
            yield return $"(any{suffix} & context.Reserved.Common)";
        }

        foreach (int level in text.LevelsDownTo(leafLevel + 1))
        {
            string entry = WalkerText.Entry(level);
            if (!text.Mode.HasRights(level))
            {
                yield return $"(~{entry} & Present)";
            }

            if (!text.Mode.InRegisters(level) && (!text.Mode.HasRights(level) || text.OwnRules(level, leaf: false).Any()))
            {
                yield return $"({entry} & context.Reserved.Table[{Literal.Number(level)}])";
            }
        }

        if (text.OwnRules(leafLevel, leaf: true).Any())
        {
            yield return $"({leaf} & context.Reserved.Leaf[{suffix}])";
        }

        if (text.Has("ProtectionKey"))
        {
            FieldSpec key = text.Mode.Layout.Find("ProtectionKey")!;
            yield return $"(((uint)plan.SuspectKeys >> ((int)({leaf} >> {Literal.Number(key.Low)}) & 15)) & 1)";
        }

        if (text.Has("MemoryType"))
        {
            FieldSpec type = text.Mode.Layout.Find("MemoryType")!;
            yield return $"((EptRules.BadMemoryTypes >> ((int)({leaf} >> {Literal.Number(type.Low)}) & 7)) & 1)";
        }
    }

    private static string Slow(WalkerText text, int lowest)
    {
        string[] entries = [.. text.LevelsDownTo(lowest).Select(level => $"Entry{Literal.Number(level)} = {WalkerText.Entry(level)}")];
        string snapshot = string.Join(", ", new[] { "Lowest = " + Literal.Number(lowest) }.Concat(entries));
        return $"return Slow<TView, TMarking>(context, ref view, gva, access, new EntrySnapshot {{ {snapshot} }}, ref result);";
    }

    private static void WriteSlow(SourceWriter writer)
    {
        writer.Summary("Decides from entries already read; if an entry changes before it can be marked, walks again, a bounded number of times.");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(
            "private static bool Slow<TView, TMarking>(WalkContext context, ref TView view, ulong gva, uint access, in EntrySnapshot snapshot, ref WalkResult result)\n"
            + "    where TView : struct, IGuestView\n"
            + "    where TMarking : struct, IMarking"))
        {
            writer.Line("DirectReader<TView> reader = new(ref view, snapshot);");
            using (writer.Block("for (int attempt = 0; attempt < WalkLimits.Attempts; attempt++)"))
            {
                writer.Line("StepOutcome outcome = Step<DirectReader<TView>, TMarking>(context, ref reader, gva, access, ref result);");
                using (writer.Block("if (outcome != StepOutcome.Lost)"))
                {
                    writer.Line("return outcome == StepOutcome.Done;");
                }

                writer.Line();
                writer.Line("reader.Forget();");
            }

            writer.Line();
            writer.Line("return WalkFaults.GiveUp(gva, ref result);");
        }

        writer.Line();
    }

    private static void WriteUnusual(SourceWriter writer, WalkerText text)
    {
        writer.Summary("Takes an address that is not canonical: walks it if linear-address masking makes it so.");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(
            "private static bool Unusual<TView, TMarking>(WalkContext context, ref TView view, ulong gva, uint access, ref WalkResult result)\n"
            + "    where TView : struct, IGuestView\n"
            + "    where TMarking : struct, IMarking"))
        {
            writer.Line("ulong untagged = context.Masking.Untag(gva, access);");
            writer.Line("return IsCanonical(untagged)");
            writer.Line("    ? Walk<TView, TMarking>(context, ref view, untagged, access, ref result)");
            writer.Line("    : WalkFaults.RaiseBeforeTables(context, FaultCause.NonCanonical, 0, gva, access, ref result);");
        }

        writer.Line();
        writer.Summary("True if the untranslated bits repeat the highest translated one.");
        writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
        string unused = Literal.Number(64 - text.Mode.AddressBits);
        writer.Line($"private static bool IsCanonical(ulong gva) => (ulong)((long)(gva << {unused}) >> {unused}) == gva;");
        writer.Line();
    }
}
