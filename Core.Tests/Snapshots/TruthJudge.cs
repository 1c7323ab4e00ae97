// Snapshot tests: compares one root's walks with its truth lines and collects what differs.
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Vmm.Images;
using Mmu.Vmm.Inspect;
using Mmu.Walk;


namespace Mmu.Tests.Snapshots;

/// <summary>The comparison of a snapshot with its truth file.</summary>
internal sealed class TruthJudge
{
    // EFLAGS.AC lifts SMAP: QEMU's monitor translates whatever is mapped.
    private static readonly Access _probe = new(AccessKind.Read, AccessFlags.AlignmentCheck);

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
        List<MappedPage> walked = [.. _snapshot.Open(root).Pages()];
        JudgePages(root, walked.ConvertAll(p => (p.Gva.Value, p.Gpa.Value, EntryFlags.OfLeaf(p.Entry, p.Bytes > PageMath.PageSize))));
        GuestWalker walker = _snapshot.Walker(root);
        JudgeRanges(root, walker);
        JudgeEachPage(root, walker);
        JudgeTranslations(root, walker);
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
    private void JudgeRanges(TruthRoot root, GuestWalker walker)
    {
        if (root.Ranges.Count > 0)
        {
            List<(ulong, ulong, string)> ranges = [];
            foreach (MappedRegion region in walker.ScanRegions(new Gva(0), new Gva(ulong.MaxValue), Rights.User | Rights.Write))
            {
                ranges.Add((region.Start.Value, region.Last.Value + 1, EntryFlags.InfoMem(region.Rights)));
            }

            Compare(root, "M", root.Ranges, ranges);
            Checked = Checked with { M = Checked.M + root.Ranges.Count };
        }
    }

    // The same T lines once more, one translation each: the last byte of the page, its size, and the leaf.
    private void JudgeEachPage(TruthRoot root, GuestWalker walker)
    {
        foreach ((ulong gva, ulong gpa, string flags) in root.Pages)
        {
            bool ok = walker.Peek(new Gva(gva), _probe, out WalkResult result);
            ulong last = result.PageBytes - 1;
            bool large = result.PageBytes > PageMath.PageSize;
            ok = ok && result.Gpa.Value == gpa && EntryFlags.OfLeaf(result.Entry, large) == flags && large == (flags[2] == 'P');
            ok = ok && walker.Translate(new Gva(gva + last), _probe, out result) && result.Gpa.Value == gpa + last;
            if (!ok)
            {
                Mismatches.Add($"{root}: T {gva:x} {gpa:x} {flags}, translated {result}");
            }
        }
    }

    private void JudgeTranslations(TruthRoot root, GuestWalker walker)
    {
        Gva[] gvas = [.. root.Translations.Select(g => new Gva(g.Gva))];
        WalkResult[] batch = new WalkResult[gvas.Length];
        _ = walker.TranslateMany(gvas, _probe, batch);
        for (int i = 0; i < gvas.Length; i++)
        {
            (ulong gva, ulong? gpa) = root.Translations[i];
            ulong? batched = batch[i].IsTranslated ? batch[i].Gpa.Value : null;
            ulong? peeked = walker.Peek(new Gva(gva), _probe, out WalkResult result) ? result.Gpa.Value : null;
            ulong? translated = walker.Translate(new Gva(gva), _probe, out result) ? result.Gpa.Value : null;
            ulong? explained = walker.Explain(new Gva(gva), _probe).Result is { IsTranslated: true } told ? told.Gpa.Value : null;
            if (peeked != gpa || translated != gpa || explained != gpa || batched != gpa)
            {
                Mismatches.Add($"{root}: G {gva:x} {gpa:x}, got {peeked:x}, {translated:x}, explained {explained:x}, in a batch {batched:x}");
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
