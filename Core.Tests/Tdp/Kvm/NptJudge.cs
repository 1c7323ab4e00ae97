// KVM conformance, nested paging: plays a log of KVM to this library and compares each decision.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Sptes;
using Mmu.Tests.KvmLogs;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Tdp.Kvm;

/// <summary>Plays a log, and counts decisions that are alike and those that are not.</summary>
internal sealed class NptJudge : IDisposable
{
    private const ulong Bytes = NptSubject.MemoryFrames << 12;
    private const ulong Rights = 7 | (1UL << 63);
    private const ulong Marks = 0x60;
    private const ulong Large = 1 << 7;
    private const ulong HostWritable = 1 << 9;
    private const ulong MmuWritable = 1 << 10;

    private readonly List<NptStep> _steps;
    private readonly SortedDictionary<int, ulong[]> _dirty = KvmDirtyMaps.Read(NptLog.Name);
    private readonly NptHost _host;
    private readonly NptSubject _subject;

    // The VMM's number of its last exit.
    private int _exit;

    internal NptJudge(List<NptStep> steps)
    {
        _steps = steps;
        _host = new NptHost(steps);
        _subject = new NptSubject(_host);
    }

    /// <summary>Decisions that are alike, by kind.</summary>
    internal SortedDictionary<string, int> Alike { get; } = new(StringComparer.Ordinal);

    /// <summary>Decisions that differ.</summary>
    internal List<NptDifference> Differences { get; } = [];

    /// <summary>Plays the log.</summary>
    internal void Run()
    {
        foreach (NptStep step in _steps)
        {
            if (step.IsFault)
            {
                Fault(step);
            }
            else
            {
                Mark(step);
            }
        }

        Tables(_steps[^1]);
        string? wrong = _subject.Vm.Audit();
        Judge(_steps[^1], "audit", wrong is null, wrong ?? string.Empty);
    }

    /// <inheritdoc/>
    public void Dispose() => _subject.Dispose();

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static GpaAccess AccessOf(ulong code) => (code & (1UL << 33)) != 0 ? new GpaAccess(OracleKind.Read, PageWalk: true)
        : (code & 16) != 0 ? GpaAccess.Fetch : (code & 2) != 0 ? GpaAccess.Write : GpaAccess.Read;

    private void Judge(NptStep step, string kind, bool alike, string text)
    {
        if (alike)
        {
            Alike[kind] = Alike.GetValueOrDefault(kind) + 1;
        }
        else
        {
            Differences.Add(new NptDifference(step, kind, text));
        }
    }

    private void Fault(NptStep step)
    {
        ulong? code = _subject.Run(step.Gpa, AccessOf(step.Code));
        Judge(step, "fault taken", code == step.Code, Text($"error code {code:x}, not {step.Code:x}"));
        MmuStatistics before = _subject.Statistics;
        FaultOutcome outcome = _subject.Handle(step.Gpa, step.Code);
        MmuStatistics after = _subject.Statistics;

        // Without an entry stored KVM found the host's memory changing, and had the guest try again.
        bool stored = step.Leaf is not null || step.Fast is { Fixed: true };
        bool alike = stored ? outcome is FaultOutcome.Fixed or FaultOutcome.Spurious : outcome == FaultOutcome.Retry;
        Judge(step, stored ? "outcome" : "outcome: to be tried again", alike, outcome.ToString());
        JudgeMade(step, (int)(after.TablesAllocated - before.TablesAllocated));
        JudgeChanges(step);
        if (step.Leaf is { } leaf)
        {
            JudgeEntry(step, "leaf", leaf.Gfn, leaf.Level, leaf.Value);
        }
        else if (step.Fast is { Fixed: true } fast)
        {
            JudgeEntry(step, "leaf without the lock", step.Gpa >> 12, 1, fast.New);
        }
    }

    private void JudgeMade(NptStep step, int made)
    {
        Judge(step, "tables made", made == step.Made.Count, Text($"{made} tables were made, not {step.Made.Count}"));
        foreach (KvmPage page in step.Made)
        {
            List<GpaWalkStep> path = _subject.Path(page.Gfn << 12);
            Judge(step, "table", path.Exists(entry => entry.Level == page.Level), Text($"there is no table of level {page.Level} for {page.Gfn:x}"));
        }
    }

    // Of an entry that names a table: that there is one. Of others: what it maps now.
    private void JudgeChanges(NptStep step)
    {
        foreach ((ulong gfn, int level, _, ulong value) in step.Changes)
        {
            if (Spte.IsPresent(value) && !Spte.IsLeaf(value, level))
            {
                GpaWalkStep ours = _subject.Path(gfn << 12).Find(entry => entry.Level == level);
                Judge(
                    step, "entry of a table", Spte.IsPresent(ours.Entry) && !EntryRules.IsLeaf(ours.Entry, level) && ((ours.Entry ^ value) & Rights) == 0,
                    Text($"{ours.Entry:x}, not {value:x}"));
            }
            else if (Spte.IsPresent(value))
            {
                JudgeEntry(step, "changed leaf", gfn, level, value);
            }
            else if (step.IsFault)
            {
                // The host took the page away while the fault looked for it.
                Judge(step, "removed leaf", !_subject.Walker.Walk(_subject.Cpu.Root, gfn << 12, GpaAccess.Read, update: false).Passes, Text($"frame {gfn:x} is still mapped"));
            }
        }
    }

    private void JudgeEntry(NptStep step, string kind, ulong gfn, int level, ulong kvm)
    {
        GpaWalkStep ours = _subject.Path(gfn << 12)[^1];
        bool known = SpteLayout612.TryLegacyToCurrent(kvm, out ulong value);
        bool there = known && ours.Level == level && Spte.IsPresent(ours.Entry);
        Judge(step, kind + ": level", there, Text($"level {ours.Level} {ours.Entry:x}, not level {level} {kvm:x}"));
        if (!there)
        {
            return;
        }

        ulong differs = ours.Entry ^ value;
        Judge(step, kind + ": frame", (differs & Spte.FrameMask) == 0, Text($"{ours.Entry:x}, not {value:x}"));
        Judge(step, kind + ": rights", (differs & Rights) == 0, Text($"{ours.Entry:x}, not {value:x}"));
        Judge(step, kind + ": page size", (differs & Large) == 0, Text($"{ours.Entry:x}, not {value:x}"));
        Judge(step, kind + ": host- and MMU-writable", (differs & (HostWritable | MmuWritable)) == 0, Text($"{ours.Entry:x}, not {value:x}"));
        Judge(step, kind + ": A and D", (differs & Marks) == 0, Text($"{ours.Entry:x}, not {value:x}"));
    }

    private void Mark(NptStep step)
    {
        switch (step.Mark)
        {
            case "root":
                _ = _subject.Run(0, GpaAccess.Read);
                Judge(step, "root", _subject.Path(0)[0].Level == step.Made[0].Level, "the root has another level");
                break;
            case "memslot flags=LOG_DIRTY":
                StartLog(step);
                break;
            case "GET_DIRTY_LOG":
                Dirty(step);
                _subject.Vm.WriteProtect(new Gpa(0), Bytes);
                JudgeChanges(step);
                break;
            case "memslot flags=0":
                _subject.AllowHuge(allow: true);
                _subject.Vm.ZapCollapsible(new Gpa(0), Bytes);
                foreach (KvmPage page in step.Zapped)
                {
                    List<GpaWalkStep> path = _subject.Path(page.Gfn << 12);
                    Judge(step, "table zapped", path[^1].Level > page.Level, Text($"there still is a table of level {page.Level} for {page.Gfn:x}"));
                    Judge(step, "nothing in its place", !Spte.IsPresent(path[^1].Entry), Text($"{path[^1].Entry:x}"));
                }

                break;
            case "madvise DONTNEED gpa 440000 10000":
                // The host split the 2 MiB that hold the range, and so took them from the guest.
                _host.Drop();
                _subject.Vm.UnmapRange(new Gpa(0x40_0000), 0x20_0000);
                foreach ((ulong gfn, int level, _, _) in step.Changes)
                {
                    Judge(step, "unmapped", _subject.Path(gfn << 12)[^1] is var last && last.Level >= level && !Spte.IsPresent(last.Entry), Text($"frame {gfn:x} is still mapped"));
                }

                break;
            default:
                if (step.Mark.StartsWith("EXIT n=", StringComparison.Ordinal))
                {
                    _exit = int.Parse(step.Mark.AsSpan(7), CultureInfo.InvariantCulture);
                }

                break;
        }
    }

    private void StartLog(NptStep step)
    {
        MmuStatistics before = _subject.Statistics;
        _subject.AllowHuge(allow: false);
        _ = _subject.Vm.SplitHugePages(new Gpa(0), Bytes);
        MmuStatistics after = _subject.Statistics;
        Judge(step, "huge pages split", (int)(before.Pages2M - after.Pages2M) == step.Splits.Count, Text($"{before.Pages2M - after.Pages2M} were split, not {step.Splits.Count}"));
        JudgeMade(step, (int)(after.TablesAllocated - before.TablesAllocated));
        _subject.Vm.WriteProtect(new Gpa(0), Bytes);
        JudgeChanges(step);
    }

    // Written is what the guest may write again.
    private void Dirty(NptStep step)
    {
        HashSet<ulong> kvm = [.. _dirty[_exit]];
        IEnumerable<GpaPage> pages = _subject.Walker.Pages(_subject.Cpu.Root, 0, Bytes);
        HashSet<ulong> ours = [.. pages.Where(page => page.Writable).Select(page => page.Gpa >> 12)];
        foreach (ulong gfn in kvm.Union(ours))
        {
            Judge(step, "dirty frame", kvm.Contains(gfn) == ours.Contains(gfn), Text($"frame {gfn:x} is dirty: {ours.Contains(gfn)} here"));
        }
    }

    // What KVM's tables held a little later, when the host had gathered the small pages again.
    private void Tables(NptStep step)
    {
        foreach ((ulong gpa, ulong entry, int level) in NptLog.ReadTables())
        {
            ulong block = gpa >> 21;
            if (block == NptHost.FirstDropped >> 9)
            {
                _host.Gather(block, entry >> 12 & ~0x1FFUL);
                _subject.Vm.UnmapRange(new Gpa(gpa), 0x20_0000);
                _subject.Vm.ZapCollapsible(new Gpa(gpa), 0x20_0000);
            }

            if (_subject.Run(gpa, GpaAccess.Read) is { } code)
            {
                _ = _subject.Handle(gpa, code);
            }

            JudgeEntry(step, "leaf at the end", gpa >> 12, level, entry);
        }
    }
}
