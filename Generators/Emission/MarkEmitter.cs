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

        writer.Summary("Asks, from the root down, whether each entry that has to be marked may be.");
        using (writer.Block(
            "private static bool MayMark<TReader>(WalkContext context, ref TReader reader, ulong leafMust, in StepPath path, ref WalkResult result)\n"
            + "    where TReader : struct, IEntryReader, allows ref struct"))
        {
            Each(writer, text, number => $"!reader.MayMark(path.Addresses[{number}], ref result)");
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
