// Generators: the fast walk: all entries are loaded first, then every check is made on their AND and OR at once.
using System.Collections.Generic;
using System.Linq;
using Mmu.Generators.Model;

namespace Mmu.Generators.Emission;

/// <summary>Emits the fast walk. Whatever is unusual goes, with the entries already read, to the level-by-level walk.</summary>
internal static class FastWalkEmitter
{
    private const string BelowFrame = "0xfff";

    /// <summary>Writes the fast walk and what it falls back to.</summary>
    public static void Write(SourceWriter writer, WalkerText text)
    {
        writer.Summary("Walks from the root to the leaf: loads first, then every check at once. Anything unusual is decided from the same entries, level by level.");
        using (writer.Block(
            "internal static ulong Walk<TView, TMarking>(WalkContext context, ref TView view, ulong gva, uint access, ref WalkResult result)\n"
            + "    where TView : struct, IGuestView\n"
            + "    where TMarking : struct, IMarking"))
        {
            AddressCheck(writer, text, "Unusual<TView, TMarking>(context, ref view, gva, access, ref result)");
            writer.Line("Unsafe.SkipInit(out EntrySnapshot snapshot);");
            writer.Line("GuestWindow window = view.TableWindow;");
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
        string number = Literal.Number(level);
        if (text.Mode.InRegisters(level))
        {
            writer.Line($"ulong {entry} = context.Pdptes[{text.Index(level)}];");
        }
        else
        {
            Window(writer, text, level);
            string load = $"GuestWindow.Load{Literal.Number(text.Mode.Layout.Bits)}(window.Row({text.Offset(level)}), table)";
#if MMU_SLOW_1
            if (text.Mode.Levels == 4)
            {
                using (writer.Block($"if (!window.Holds(table + ({text.Offset(level)})))"))
                {
                    writer.Line("return WalkLimits.NoAddress;");
                }

                writer.Line();
            }
#endif
            writer.Line($"ulong {entry} = {load};");
#if MMU_SLOW_2
            if (level == 1)
            {
                writer.Line($"{entry} &= {load};");
            }
#endif
        }

        writer.Line($"snapshot.Entry{number} = {entry};");
        if (level == text.Mode.Levels)
        {
            writer.Line($"ulong suspect = {RootSuspicion(text)};");
        }
        else if (text.OwnRules(level, leaf: false).Any() && level > 1)
        {
            // A page's bits are judged below, in its own place.
            string own = $"{entry} & context.Reserved.Table[{number}]";
            writer.Line($"suspect |= {(text.IsLeaf(level) is { } isLeaf ? $"{isLeaf} ? 0 : {own}" : own)};");
        }

        Accumulate(writer, text, level);
    }

    private static void Window(SourceWriter writer, WalkerText text, int level)
    {
        // A table within one page lies in a window as a whole; only others can stick out.
        string last = $"table + 0x{text.TableBytesOf(level) - 1:x}";
        bool isLarge = text.CanStickOut(level);
        bool isMasked = level == text.Mode.Levels || !text.MayKeepFlags;
        using (writer.Block(isLarge ? $"if (!window.Holds(table) || !window.Holds({last}))" : "if (!window.Holds(table))"))
        {
            if (!isMasked)
            {
                // Flags above the frame are rare in entries that name tables: they are taken off only when they stand in the way.
                writer.Line("table &= Frame;");
            }

            string locates = isMasked ? "!view.TryLocate(table)" : "!window.Holds(table) && !view.TryLocate(table)";
            using (writer.Block(isLarge ? $"if (({locates}) || !view.TableWindow.Holds(table) || !view.TableWindow.Holds({last}))" : $"if ({locates})"))
            {
                writer.Line($"snapshot.Lowest = {Literal.Number(level + 1)};");
                writer.Line("return Slow<TView, TMarking>(context, ref view, gva, access, snapshot, 0, ref result);");
            }

            writer.Line();
            writer.Line("window = view.TableWindow;");
        }

        writer.Line();
    }

    private static string RootSuspicion(WalkerText text)
    {
        int root = text.Mode.Levels;
        string entry = WalkerText.Entry(root);
        string number = Literal.Number(root);
        if (text.Mode.HasRights(root))
        {
            return text.OwnRules(root, leaf: false).Any() ? $"{entry} & context.Reserved.Table[{number}]" : "0";
        }

        string absent = $"~{entry} & Present";
        return text.Mode.InRegisters(root) ? absent : $"({absent}) | ({entry} & context.Reserved.Table[{number}])";
    }

    private static void Accumulate(SourceWriter writer, WalkerText text, int level)
    {
        if (!text.Mode.HasRights(level))
        {
            return;
        }

        string entry = WalkerText.Entry(level);
        bool isFirst = level == text.Mode.Levels || !text.Mode.HasRights(level + 1);
        writer.Line(isFirst ? $"ulong all = {entry};" : $"all &= {entry};");
        if (NeedsAny(text))
        {
            writer.Line(isFirst ? $"ulong any = {entry};" : $"any |= {entry};");
        }
    }

    private static bool NeedsAny(WalkerText text) => text.HasCommonReserved || text.Has("NoExecute");

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

        writer.Line(text.MayKeepFlags
            ? $"table = {WalkerText.Entry(level)} & ~{BelowFrame}UL;"
            : $"table = {text.TableAddress(WalkerText.Entry(level))};");
    }

    private static void Leaf(SourceWriter writer, WalkerText text, int level)
    {
        string leaf = WalkerText.Entry(level);
        string suffix = Literal.Number(level);
        bool marks = text.Has("Accessed");
        writer.Line($"ref readonly AccessPlan plan{suffix} = ref context.Plans[(int)(access & 63)];");
        writer.Line($"suspect |= {string.Join("\n    | ", Suspicions(text, level))};");
        if (marks)
        {
            string accessed = text.IsEpt ? "context.AccessedMask" : "Accessed";
#if MMU_FAULT_26
            writer.Line($"ulong missing{suffix} = TMarking.Enabled ? (~all & {accessed}) : 0;");
#else
            writer.Line($"ulong missing{suffix} = TMarking.Enabled ? (~all & {accessed}) | (~{leaf} & plan{suffix}.LeafMust) : 0;");
#endif
        }

        using (writer.Block(marks ? $"if ((suspect | missing{suffix}) != 0)" : "if (suspect != 0)"))
        {
            writer.Line($"snapshot.Lowest = {suffix};");
            writer.Line(marks
                ? "return Unfinished<TView, TMarking>(context, ref view, gva, access, snapshot, suspect, ref result);"
                : "return Slow<TView, TMarking>(context, ref view, gva, access, snapshot, 0, ref result);");
        }

        writer.Line();
        writer.Line($"ulong gpa{suffix} = {text.LeafAddress(level, leaf)};");
        writer.Line($"result.GpaValue = gpa{suffix};");
        writer.Line($"result.EntryValueBits = {leaf};");
        writer.Line($"result.Info = context.ResultBase | {StepWalkEmitter.LeafInfo(text, level)} | ((ulong){text.Rights("all", "any")} << WalkResult.RightsShift);");
        writer.Line($"result.HostValue = window.Holds(gpa{suffix}) ? window.HostOf(gpa{suffix}) : view.HostOf(gpa{suffix});");
        writer.Line($"return gpa{suffix};");
    }

    private static IEnumerable<string> Suspicions(WalkerText text, int leafLevel)
    {
        string leaf = WalkerText.Entry(leafLevel);
        string suffix = Literal.Number(leafLevel);
        yield return $"(~all & plan{suffix}.Must)";
        yield return $"(all & plan{suffix}.MustNotAll)";
        if (NeedsAny(text))
        {
            yield return $"(any & plan{suffix}.MustNotAny)";
        }

        if (text.OwnRules(leafLevel, leaf: true).Any())
        {
#if MMU_FAULT_29
            yield return "0UL";
#else
            yield return $"({leaf} & context.Reserved.Leaf[{suffix}])";
#endif
        }

        if (text.Has("ProtectionKey"))
        {
            FieldSpec key = text.Mode.Layout.Find("ProtectionKey")!;
            yield return $"((plan{suffix}.SuspectKeys >> (int)({leaf} >> {Literal.Number(key.Low)})) & 1)";
        }

        if (text.Has("MemoryType"))
        {
            FieldSpec type = text.Mode.Layout.Find("MemoryType")!;
            yield return $"((EptRules.BadMemoryTypes >> ((int)({leaf} >> {Literal.Number(type.Low)}) & 7)) & 1)";
        }
    }

    private static void WriteSlow(SourceWriter writer)
    {
        writer.Summary("Decides from entries already read; if an entry changes before it can be marked, walks again, a bounded number of times.");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(
            "private static ulong Slow<TView, TMarking>(WalkContext context, ref TView view, ulong gva, uint access, in EntrySnapshot snapshot, int lost, ref WalkResult result)\n"
            + "    where TView : struct, IGuestView\n"
            + "    where TMarking : struct, IMarking"))
        {
            writer.Line("DirectReader<TView> reader = new(ref view, snapshot);");
            using (writer.Block("for (int attempt = lost; attempt < WalkLimits.Attempts; attempt++)"))
            {
                writer.Line("StepOutcome outcome = Step<DirectReader<TView>, TMarking>(context, ref reader, gva, access, ref result);");
                using (writer.Block("if (outcome != StepOutcome.Lost)"))
                {
                    writer.Line("return outcome == StepOutcome.Done ? result.GpaValue : WalkLimits.NoAddress;");
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
            "private static ulong Unusual<TView, TMarking>(WalkContext context, ref TView view, ulong gva, uint access, ref WalkResult result)\n"
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
