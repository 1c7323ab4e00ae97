// KVM conformance: plays a log of KVM to this library and compares each decision.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Memory;
using Mmu.Shadow;
using Mmu.Sptes;
using Mmu.Tests.KvmLogs;

namespace Mmu.Tests.Kvm;

/// <summary>Plays a log, and counts decisions that are alike and those that are not.</summary>
internal sealed class KvmJudge : IDisposable
{
    private const ulong Frame = 0xF_FFFF_FFFF_F000;
    private const ulong Marks = 0x60;
    private const ulong Large = 1 << 7;
    private const ulong HostWritable = 1 << 9;
    private const ulong MmuWritable = 1 << 10;
    private const ulong Accessed = 1 << 5;
    private const ulong Dirty = 1 << 6;
    private const ulong SplitFrame = 0x400;

    private readonly List<KvmStep> _steps;
    private readonly KvmSubject _subject;

    // By the frame that its first entry names: the log names roots when they are made, and entries afterwards.
    private readonly Dictionary<ulong, ulong> _roots = [];

    private readonly Queue<ulong[]> _dirty = new(KvmDirtyMaps.Read("kvm-shadow-l").Values);

    // What the VMM did last: it keeps a dirty log; it has given memory back to the host.
    private bool _logs;
    private bool _hasDropped;

    public KvmJudge(List<KvmStep> steps)
    {
        _steps = steps;
        ulong root = 0;
        foreach (KvmStep step in steps)
        {
            if (step.Kind == KvmStepKind.Root)
            {
                root = step.Pages[0].Gfn << 12;
            }
            else if (step.Entries.Count > 0)
            {
                _ = _roots.TryAdd(step.Entries[0].Entry & Frame, root);
            }
        }

        _subject = new KvmSubject(steps.First(step => step.Kind == KvmStepKind.Root).Pages[0].Gfn << 12);
    }

    /// <summary>Decisions that are alike, by kind.</summary>
    public SortedDictionary<string, int> Alike { get; } = new(StringComparer.Ordinal);

    /// <summary>Decisions that differ.</summary>
    public List<KvmDifference> Differences { get; } = [];

    /// <summary>Plays the log.</summary>
    public void Run()
    {
        for (int i = 0; i < _steps.Count; i++)
        {
            KvmStep step = _steps[i];
            switch (step.Kind)
            {
                case KvmStepKind.Fault:
                    GuestChanged(step);
                    Fault(step);
                    break;
                case KvmStepKind.Walk:
                    GuestChanged(step);
                    WalkOnly(step);
                    break;
                case KvmStepKind.Root:
                    Root(step);
                    break;
                case KvmStepKind.Sync:
                    _subject.LoadCr3(RootOf(_steps.Skip(i).First(next => next.Entries.Count > 0)));
                    PageHandle page = _subject.TableOf(step.Pages[0].Gfn);
                    Judge(step, "sync", !page.IsNone && !_subject.Header(page).IsUnsync, "the page is still unsync");
                    break;
                case KvmStepKind.Mark:
                    Mark(step);
                    break;
            }
        }

        _subject.AllowHuge(allow: true, SplitFrame, SplitFrame + 1);
        Judge(_steps[^1], "audit", _subject.Audit() is null, _subject.Audit() ?? string.Empty);
    }

    /// <inheritdoc/>
    public void Dispose() => _subject.Dispose();

    private static Access AccessOf(uint code) => new(
        (code & 0x10) != 0 ? AccessKind.Fetch : (code & 2) != 0 ? AccessKind.Write : AccessKind.Read,
        (code & 4) != 0 ? AccessFlags.User : AccessFlags.None);

    private static string RightsOf(ulong spte) => string.Concat(
        (spte & 1) != 0 ? 'r' : '-', (spte & 2) != 0 ? 'w' : '-', spte >> 63 == 0 ? 'x' : '-', (spte & 4) != 0 ? 'u' : '-');

    private static string AccessOf(PageRole role) => string.Concat(
        (role.Access & Rights.Write) != 0 ? 'w' : '-', (role.Access & Rights.User) != 0 ? 'u' : '-', (role.Access & Rights.Execute) != 0 ? 'x' : '-');

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void Judge(KvmStep step, string kind, bool alike, string text)
    {
        if (alike)
        {
            Alike[kind] = Alike.GetValueOrDefault(kind) + 1;
        }
        else
        {
            Differences.Add(new KvmDifference(step, kind, text, _logs, _hasDropped));
        }
    }

    private ulong RootOf(KvmStep step) => _roots[step.Entries[0].Entry & Frame];

    // Addresses of the entries that a walk met.
    private IEnumerable<(ulong Gpa, ulong Entry, int Level)> Met(KvmStep step)
    {
        ulong table = RootOf(step);
        foreach ((ulong entry, int level) in step.Entries)
        {
            yield return (table + (((step.Address >> (12 + (9 * (level - 1)))) & 511) * 8), entry, level);
            table = entry & Frame;
        }
    }

    // What the walk met that is not in memory was stored by the guest since; it is told of nothing, but invalidated the address.
    private void GuestChanged(KvmStep step)
    {
        if (RootOf(step) != _subject.State.Cr3)
        {
            _subject.LoadCr3(RootOf(step));
        }

        foreach ((ulong gpa, ulong entry, _) in Met(step).ToList())
        {
            ulong old = _subject.Load(gpa);
            if (old == entry)
            {
                continue;
            }

            if (old != 0)
            {
                PageHandle page = _subject.TableOf(gpa >> 12);
                Judge(step, "guest store", page.IsNone || _subject.Header(page).IsUnsync, Text($"the table at 0x{gpa:x} is write-protected"));
            }

            _subject.Store(gpa, entry);
            if (old != 0)
            {
                _subject.InvalidatePage(step.Address);
            }
        }
    }

    private void Root(KvmStep step)
    {
        ulong made = _subject.Statistics.TablesAllocated;
        if (_subject.State.Cr3 != step.Pages[0].Gfn << 12)
        {
            _subject.LoadCr3(step.Pages[0].Gfn << 12);
            Judge(step, "pages made", step.Pages[0].IsNew == (_subject.Statistics.TablesAllocated == made + 1), "the root was found, not made, or the reverse");
        }

        JudgePage(step, step.Pages[0], _subject.Path(0));
    }

    private void WalkOnly(KvmStep step)
    {
        List<(ulong Gpa, ulong Entry, int Level)> met = [.. Met(step)];
        Judge(step, "emulator's walk", _subject.Walk(step.Address, AccessOf(step.Code)), "the guest's tables refuse");
        JudgeMarks(step, met);
    }

    private void Fault(KvmStep step)
    {
        Access access = AccessOf(step.Code);
        List<(ulong Gpa, ulong Entry, int Level)> met = [.. Met(step)];
        PageFaultCode? found = _subject.Run(step.Address, access);
        Judge(step, "fault taken", (uint?)found == step.Code, found is null ? "no fault on our tables" : Text($"error code 0x{(uint)found:x}, not 0x{step.Code:x}"));

        MmuStatistics before = _subject.Statistics;
        FaultOutcome outcome = _subject.HandleFault(step.Address, access, step.Code);
        MmuStatistics after = _subject.Statistics;
        Judge(step, "outcome", outcome is FaultOutcome.Fixed or FaultOutcome.Spurious, outcome.ToString());
        JudgeMarks(step, met);
        if (step.Requested is null)
        {
            // KVM found the host's memory changing and had the guest try again, or the log ends here.
            return;
        }

        JudgePages(step, (int)(after.TablesAllocated - before.TablesAllocated));
        JudgeUnsync(step, (int)(after.Unsyncs - before.Unsyncs));
        JudgeLeaf(step, (int)(after.Prefetched - before.Prefetched));
    }

    private void JudgeMarks(KvmStep step, List<(ulong Gpa, ulong Entry, int Level)> met)
    {
        IEnumerable<ulong> accessed = met.Where(m => ((_subject.Load(m.Gpa) ^ m.Entry) & Accessed) != 0).Select(m => m.Gpa);
        IEnumerable<ulong> dirty = met.Where(m => ((_subject.Load(m.Gpa) ^ m.Entry) & Dirty) != 0).Select(m => m.Gpa);
        Judge(step, "accessed bits", accessed.SequenceEqual(step.Accessed), "other accessed bits were set");
        Judge(step, "dirty bits", dirty.SequenceEqual(step.Dirty), "other dirty bits were set");
        Judge(step, "other bits", met.TrueForAll(m => ((_subject.Load(m.Gpa) ^ m.Entry) & ~Marks) == 0), "an entry of the guest changed");
    }

    private void JudgePages(KvmStep step, int made)
    {
        List<(PageHandle Page, int Level, ulong Spte)> path = _subject.Path(step.Address);
        Judge(step, "pages made", made == step.Pages.Count(page => page.IsNew), Text($"{made} pages made, not {step.Pages.Count(page => page.IsNew)}"));
        foreach (KvmPage page in step.Pages)
        {
            JudgePage(step, page, path);
        }
    }

    private void JudgePage(KvmStep step, KvmPage page, List<(PageHandle Page, int Level, ulong Spte)> path)
    {
        (PageHandle handle, _, _) = path.Find(p => p.Level == page.Level);
        if (handle.IsNone)
        {
            Judge(step, "page", false, Text($"no page of level {page.Level}"));
            return;
        }

        ShadowPage ours = _subject.Header(handle);
        bool alike = ours.Gfn == page.Gfn && ours.Role.Level == page.Level && ours.Role.IsDirect == page.IsDirect && AccessOf(ours.Role) == page.Access
            && ours.Role.HasFourByteEntries == (page.EntryBytes == 4) && ours.Role.Quadrant == (uint)page.Quadrant && ours.IsUnsync == page.IsUnsync;
        Judge(step, "page", alike, Text($"gfn {ours.Gfn:x} {ours.Role}, not {page}"));
    }

    private void JudgeUnsync(KvmStep step, int unsynced)
    {
        Judge(step, "unsync", unsynced == step.Unsynced.Count, Text($"{unsynced} pages became unsync, not {step.Unsynced.Count}"));
        foreach (KvmPage page in step.Unsynced)
        {
            PageHandle ours = _subject.TableOf(page.Gfn);
            Judge(step, "unsync page", !ours.IsNone && _subject.Header(ours).IsUnsync, Text($"the table in frame {page.Gfn:x} is in step"));
        }
    }

    private void JudgeLeaf(KvmStep step, int prefetched)
    {
        (ulong gfn, int level) = step.Requested!.Value;
        (PageHandle page, int ourLevel, ulong leaf) = _subject.Path(step.Address)[^1];
        bool found = Spte.IsPresent(leaf) && ourLevel == level;
        ulong inPage = level == 1 ? 0 : gfn & 511;
        Judge(step, "leaf", found && _subject.GfnOf(leaf) + inPage == gfn, Text($"0x{leaf:x} at level {ourLevel}, not gfn {gfn:x} at level {level}"));

        // Without a store the entry was right already.
        List<KvmSpte> others = [];
        foreach (KvmSpte spte in step.Sptes)
        {
            if (spte.Gfn == gfn - inPage)
            {
                JudgeSpte(step, "rights", spte, leaf);
            }
            else
            {
                others.Add(spte);
            }
        }

        Judge(step, "neighbours", others.Count == prefetched, Text($"{prefetched} neighbours mapped, not {others.Count}"));
        foreach (KvmSpte spte in others.Where(_ => found))
        {
            JudgeSpte(step, "neighbour's rights", spte, _subject.Entry(page, spte.Index));
        }
    }

    private void JudgeSpte(KvmStep step, string kind, KvmSpte kvm, ulong ours)
    {
        bool known = SpteLayout612.TryLegacyToCurrent(kvm.Value, out ulong value);
        bool alike = known && Spte.IsPresent(ours) && RightsOf(ours) == kvm.Rights && _subject.GfnOf(ours) == kvm.Gfn;
        Judge(step, kind, alike, Text($"{RightsOf(ours)} 0x{ours:x}, not {kvm.Rights} gfn {kvm.Gfn:x}"));
        Judge(step, kind + ": MMU-writable", ((ours ^ value) & MmuWritable) == 0, Text($"0x{ours:x}, not 0x{value:x}"));
        Judge(step, kind + ": host-writable", ((ours ^ value) & HostWritable) == 0, Text($"0x{ours:x}, not 0x{value:x}"));
        Judge(step, kind + ": page size", ((ours ^ value) & Large) == 0, Text($"0x{ours:x}, not 0x{value:x}"));
        Judge(step, kind + ": A and D", ((ours ^ value) & Marks) == 0, Text($"0x{ours:x}, not 0x{value:x}"));
    }

    // The bitmap that KVM returned, frame by frame, and that we have no other.
    private void JudgeDirty(KvmStep step)
    {
        List<ulong> ours = _subject.Harvest();
        ulong[] kvms = _dirty.Dequeue();
        foreach (ulong gfn in ours.Union(kvms).Order())
        {
            Judge(step, "dirty frame", ours.Contains(gfn) && kvms.Contains(gfn), Text($"frame 0x{gfn:x} is dirty {(ours.Contains(gfn) ? "here" : "in KVM")} alone"));
        }
    }

    private void Mark(KvmStep step)
    {
        switch (step.Mark)
        {
            case "memslot flags=LOG_DIRTY":
                _logs = true;
                _subject.StartLog();
                break;
            case "GET_DIRTY_LOG":
                JudgeDirty(step);
                break;
            case "memslot flags=0":
                _logs = false;
                _subject.EndLog();
                break;
            case "madvise DONTNEED gpa 440000 10000":
                // The host split the 2 MiB that hold the range, and so took them from the guest.
                _hasDropped = true;
                _subject.AllowHuge(allow: false, SplitFrame, SplitFrame + 1);
                _subject.Unmap(0x40_0000, 0x20_0000);
                break;
        }
    }
}
