// TDP judge: walks our tables as a processor does, entry by entry from memory; knows nothing of how they are made.
using System.Collections.Generic;
using System.Threading;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Tdp;

/// <summary>The second dimension of a processor.</summary>
/// <param name="format">Format of the tables.</param>
/// <param name="levels">4 or 5.</param>
/// <param name="maxPhyAddr">Its physical address bits.</param>
/// <param name="host">Host memory.</param>
/// <param name="executeOnly">It supports EPT entries of which only X is set.</param>
internal sealed unsafe class GpaWalker(EntryFormat format, int levels, int maxPhyAddr, HostFrames host, bool executeOnly)
{
    private const int Attempts = 100;

    internal EntryFormat Format => format;

    internal int Levels => levels;

    /// <summary>Walks for one access. With <paramref name="update"/> it sets accessed and dirty bits, as a processor must before it goes on.</summary>
    /// <exception cref="JudgeException">The tables lead the processor out of the arena.</exception>
    internal GpaOutcome Walk(ulong root, ulong gpa, GpaAccess access, bool update)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            if (TryWalk(root, gpa, access, update, out GpaOutcome outcome))
            {
                return outcome;
            }
        }

        throw new JudgeException("Entries kept changing under the processor.");
    }

    /// <summary>The entries on the way to an address, root first, as far as they are present; the last one ends the walk.</summary>
    internal List<GpaWalkStep> Path(ulong root, ulong gpa)
    {
        List<GpaWalkStep> path = [];
        ulong table = root;
        for (int level = levels; ; level--)
        {
            int index = IndexOf(gpa, level);
            ulong entry = Volatile.Read(ref *EntryAt(table, index));
            path.Add(new GpaWalkStep(table, index, level, entry));
            if (!EntryRules.IsPresent(format, entry) || EntryRules.IsMalformed(format, entry, level, maxPhyAddr, executeOnly)
                || EntryRules.IsLeaf(entry, level))
            {
                return path;
            }

            table = Bits.Keep(entry, 51, 12);
        }
    }

    /// <summary>Where an entry lies in this process, for tests that put something wrong there.</summary>
    internal ref ulong WordOf(GpaWalkStep step) => ref *EntryAt(step.Table, step.Index);

    /// <summary>Pages of a range, without what lies between them.</summary>
    internal IEnumerable<GpaPage> Pages(ulong root, ulong gpa, ulong bytes)
    {
        ulong end = gpa + bytes;
        for (ulong at = gpa; at < end;)
        {
            GpaOutcome outcome = Walk(root, at, GpaAccess.Read, update: false);
            if (outcome.Page.Shift != 0)
            {
                yield return outcome.Page;
                at = outcome.Page.Gpa + (1UL << outcome.Page.Shift);
                continue;
            }

            // A hole ends where the entry that makes it does.
            List<GpaWalkStep> path = Path(root, at);
            int shift = ShiftOf(path[^1].Level);
            at = ((at >> shift) + 1) << shift;
        }
    }

    private bool TryWalk(ulong root, ulong gpa, GpaAccess access, bool update, out GpaOutcome outcome)
    {
        ulong** entries = stackalloc ulong*[5];
        ulong* values = stackalloc ulong[5];
        int count = 0;
        ulong table = root;
        bool reads = true;
        bool writes = true;
        bool executes = true;
        for (int level = levels; ; level--)
        {
            entries[count] = EntryAt(table, IndexOf(gpa, level));
            ulong entry = Volatile.Read(ref *entries[count]);
            values[count++] = entry;
            if (!EntryRules.IsPresent(format, entry))
            {
                outcome = new GpaOutcome(GpaOutcomeKind.Violation, EntryRules.CodeOf(format, access, 0, reserved: false), default);
                return true;
            }

            if (EntryRules.IsMalformed(format, entry, level, maxPhyAddr, executeOnly))
            {
                outcome = new GpaOutcome(GpaOutcomeKind.Misconfigured, EntryRules.CodeOf(format, access, 0, reserved: true), default);
                return true;
            }

            reads &= EntryRules.Reads(format, entry);
            writes &= EntryRules.Writes(format, entry);
            executes &= EntryRules.Executes(format, entry);
            if (EntryRules.IsLeaf(entry, level))
            {
                int shift = ShiftOf(level);
                bool dirties = access.Writes(format);
                var page = new GpaPage(
                    Bits.Keep(gpa, 63, shift), shift, Bits.Keep(entry, 51, shift), reads, writes, executes,
                    Bits.Has(entry, EntryRules.DirtyBit(format)) || dirties || !EntryRules.SetsMarks(format),
                    Bits.Has(entry, EntryRules.AccessedBit(format)));
                if (!page.Allows(access, format))
                {
                    ulong rights = (reads ? 1UL : 0) | (writes ? 2UL : 0) | (executes ? 4UL : 0);
                    rights = format == EntryFormat.Npt ? 1 : rights;
                    outcome = new GpaOutcome(GpaOutcomeKind.Violation, EntryRules.CodeOf(format, access, rights, reserved: false), page);
                    return true;
                }

                outcome = new GpaOutcome(GpaOutcomeKind.Passes, 0, page);
                return !update || TryMark(entries, values, count, dirties);
            }

            table = Bits.Keep(entry, 51, 12);
        }
    }

    private bool TryMark(ulong** entries, ulong* values, int count, bool dirties)
    {
        for (int i = 0; i < count && EntryRules.SetsMarks(format); i++)
        {
            ulong marked = values[i] | (1UL << EntryRules.AccessedBit(format)) | (dirties && i == count - 1 ? 1UL << EntryRules.DirtyBit(format) : 0);
            if (marked != values[i] && Interlocked.CompareExchange(ref *entries[i], marked, values[i]) != values[i])
            {
                return false;
            }
        }

        return true;
    }

    private static int ShiftOf(int level) => 3 + (9 * level);

    private static int IndexOf(ulong gpa, int level) => (int)Bits.Field(gpa, ShiftOf(level) + 8, ShiftOf(level));

    private ulong* EntryAt(ulong table, int index)
    {
        if (!host.TryFind(table >> 12, out HostRange? range) || range.Use != HostUse.Tables)
        {
            throw new JudgeException($"The processor found a table at {table:x}, outside the arena.");
        }

        return (ulong*)(range.AddressOf(table >> 12) + (nuint)(table & 0xFFF)) + index;
    }
}
