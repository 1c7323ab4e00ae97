// Generators: accessed and dirty bits.
namespace Mmu.Generators.Emission;

/// <summary>Emits the marking of entries: accessed from the root down, dirty on the leaf, one exchange an entry.</summary>
internal static class MarkEmitter
{
    /// <summary>Writes the two methods; nothing for formats without an accessed bit.</summary>
    public static void Write(SourceWriter writer, WalkerText text)
    {
        if (!text.Has("Accessed"))
        {
            return;
        }

        WriteUnfinished(writer, text);
        writer.Summary("Asks, from the root down, whether each entry that has to be marked may be.");
        using (writer.Block(
            "private static bool MayMark<TReader>(WalkContext context, ref TReader reader, ulong leafMust, in StepPath path, ref WalkResult result)\n"
            + "    where TReader : struct, IEntryReader, allows ref struct"))
        {
            Each(writer, text, number => $"!reader.MayMark({number}, path.Addresses[{number}], ref result)");
        }

        writer.Line();
        writer.Summary("Marks the entries, from the root down; false if one has changed since it was read.");
        using (writer.Block(
            "private static bool TryMark<TReader>(WalkContext context, ref TReader reader, ulong leafMust, in StepPath path)\n"
            + "    where TReader : struct, IEntryReader, allows ref struct"))
        {
            string bytes = Literal.Number(text.Mode.EntryBytes);
            Each(writer, text, number => $"!reader.TryMark({number}, path.Addresses[{number}], {bytes}, path.Entries[{number}], path.Entries[{number}] | missing)");
        }

        writer.Line();
    }

    private static void WriteUnfinished(SourceWriter writer, WalkerText text)
    {
        writer.Summary("Ends a fast walk that was not finished: marks the entries if that is all they lack, else decides level by level.");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(
            "private static ulong Unfinished<TView, TMarking>(\n"
            + "    WalkContext context, ref TView view, ulong gva, uint access, in EntrySnapshot snapshot, ulong suspect, ref WalkResult result)\n"
            + "    where TView : struct, IGuestView\n"
            + "    where TMarking : struct, IMarking"))
        {
            using (writer.Block("if (!TMarking.Enabled || suspect != 0)"))
            {
                writer.Line("return Slow<TView, TMarking>(context, ref view, gva, access, snapshot, 0, ref result);");
            }

            writer.Line();
            writer.Line($"ulong accessed = {(text.IsEpt ? "context.AccessedMask" : "Accessed")};");
            writer.Line("ulong leafMust = context.Plans[(int)(access & 63)].LeafMust;");
            writer.Line("ulong all = ulong.MaxValue;");
            writer.Line("ulong any = 0;");
            writer.Line("ulong missing;");
            writer.Line("ulong table = context.Root;");
            foreach (int level in text.LevelsDownTo(1))
            {
                MarkLevel(writer, text, level);
            }
        }

        writer.Line();
    }

    private static void MarkLevel(SourceWriter writer, WalkerText text, int level)
    {
        string number = Literal.Number(level);
        string entry = "snapshot.Entry" + number;
        if (text.Mode.HasRights(level))
        {
            writer.Line();
#if MMU_FAULT_27
            writer.Line($"missing = (accessed | leafMust) & ~{entry};");
#else
            writer.Line($"missing = (accessed | (snapshot.Lowest == {number} ? leafMust : 0)) & ~{entry};");
#endif
            using (writer.Block($"if (missing != 0 && !EntryAccess.TryMark(ref view, table + ({text.Offset(level)}), {Literal.Number(text.Mode.EntryBytes)}, {entry}, {entry} | missing))"))
            {
                writer.Line("return Slow<TView, TMarking>(context, ref view, gva, access, EntrySnapshot.Empty, 1, ref result);");
            }

            writer.Line();
            writer.Line($"all &= {entry};");
            writer.Line($"any |= {entry};");
        }

        if (level == 1)
        {
            FillResult(writer, text, level);
            return;
        }

        if (text.Mode.LeafAt(level) is not null)
        {
            using (writer.Block($"if (snapshot.Lowest == {number})"))
            {
                FillResult(writer, text, level);
            }

            writer.Line();
        }

        writer.Line($"table = {text.TableAddress(entry)};");
    }

    private static void FillResult(SourceWriter writer, WalkerText text, int level)
    {
        string entry = "snapshot.Entry" + Literal.Number(level);
        writer.Line($"result.GpaValue = {text.LeafAddress(level, entry)};");
        writer.Line($"result.EntryValueBits = {entry};");
        writer.Line($"result.Info = context.ResultBase | {StepWalkEmitter.LeafInfo(text, level)} | ((ulong){text.Rights("all", "any")} << WalkResult.RightsShift);");
        writer.Line("result.HostValue = EntryAccess.HostOf(ref view, result.GpaValue);");
        writer.Line("return result.GpaValue;");
    }

    private static void Each(SourceWriter writer, WalkerText text, System.Func<string, string> fails)
    {
        writer.Line($"ulong accessed = {(text.IsEpt ? "context.AccessedMask" : "Accessed")};");
        writer.Line("ulong missing;");
        foreach (int level in text.LevelsDownTo(1))
        {
            if (!text.Mode.HasRights(level))
            {
                continue;
            }

            string number = Literal.Number(level);
            using (writer.Block($"if (path.Level <= {number})"))
            {
                writer.Line($"missing = (accessed | (path.Level == {number} ? leafMust : 0)) & ~path.Entries[{number}];");
                using (writer.Block($"if (missing != 0 && {fails(number)})"))
                {
                    writer.Line("return false;");
                }
            }

            writer.Line();
        }

        writer.Line("return true;");
    }
}
