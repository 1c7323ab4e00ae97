// Snapshot tests: compares one root's walks with its truth lines and collects what differs.
using System.Collections.Generic;
using System.Linq;
using Mmu.Architecture;
using Mmu.Vmm.Images;
using Mmu.Vmm.Inspect;

namespace Mmu.Tests.Snapshots;

/// <summary>The comparison of a snapshot with its truth file.</summary>
internal sealed class TruthJudge
{
    private readonly LoadedSnapshot _snapshot;
    private readonly Dictionary<ulong, List<(ulong, ulong, string)>> _upperHalves = [];

    public TruthJudge(LoadedSnapshot snapshot)
    {
        _snapshot = snapshot;
    }

    /// <summary>Gets what differs, one line each.</summary>
    public List<string> Mismatches { get; } = [];

    /// <summary>Gets how many lines have been compared.</summary>
    public TruthLines Checked { get; private set; }

    /// <summary>Judges every line of <paramref name="root"/>.</summary>
    public void Judge(TruthRoot root)
    {
        List<MappedPage> walked = [.. _snapshot.Walk(root).Pages()];
        List<(ulong Gva, ulong Gpa, string Flags)> lines =
            walked.ConvertAll(p => (p.Gva, p.Gpa, EntryFlags.OfLeaf(p.Entry, p.Size > PageMath.PageSize)));
        JudgePages(root, lines);
        JudgeRanges(root, walked);
        JudgeTranslations(root);
    }

    // T lists the whole of the first root; of the others only the lower half, and K says whose upper half theirs equals.
    private void JudgePages(TruthRoot root, List<(ulong Gva, ulong Gpa, string Flags)> walked)
    {
        List<(ulong, ulong, string)> upper = walked.FindAll(p => root.IsUpperHalf(p.Gva));
        if (root.SharedUpperHalf is not { } shared)
        {
            Compare(root, "T", root.Pages, walked);
            _upperHalves.Add(root.Cr3, upper);
        }
        else
        {
            Compare(root, "T", root.Pages, walked.FindAll(p => !root.IsUpperHalf(p.Gva)));
            Compare(root, "K", _upperHalves[shared.Cr3], upper);
            if (upper.Count != shared.Pages)
            {
                Mismatches.Add($"{root}: K says {shared.Pages} pages, walked {upper.Count}");
            }

            Checked = Checked with { K = Checked.K + 1 };
        }

        Checked = Checked with { T = Checked.T + root.Pages.Count };
    }

    // QEMU 7.2 prints no M lines under LA57.
    private void JudgeRanges(TruthRoot root, List<MappedPage> walked)
    {
        if (root.Ranges.Count > 0)
        {
            List<(ulong, ulong, string)> ranges = [.. RangeMerger.Merge(walked, Rights.User | Rights.Write)
                .Select(r => (r.Start, r.Last + 1, EntryFlags.InfoMem(r.Rights)))];
            Compare(root, "M", root.Ranges, ranges);
            Checked = Checked with { M = Checked.M + root.Ranges.Count };
        }
    }

    private void JudgeTranslations(TruthRoot root)
    {
        IAddressSpace space = _snapshot.Walk(root);
        foreach ((ulong gva, ulong? gpa) in root.Translations)
        {
            ulong? walked = space.Explain(gva).Gpa;
            if (walked != gpa)
            {
                Mismatches.Add($"{root}: G {gva:x} {gpa:x}, walked {walked:x}");
            }
        }

        Checked = Checked with { G = Checked.G + root.Translations.Count };
    }

    private void Compare<T>(TruthRoot root, string kind, IEnumerable<T> expected, IEnumerable<T> walked)
    {
        List<T> want = [.. expected];
        List<T> have = [.. walked];
        var wantSet = want.ToHashSet();
        var haveSet = have.ToHashSet();
        Mismatches.AddRange(want.Where(x => !haveSet.Contains(x)).Select(x => $"{root}: {kind} not walked: {x}"));
        Mismatches.AddRange(have.Where(x => !wantSet.Contains(x)).Select(x => $"{root}: {kind} walked too much: {x}"));
        if (want.Count != have.Count)
        {
            Mismatches.Add($"{root}: {kind} {want.Count} expected, {have.Count} walked");
        }
    }
}
