// Vmm: output for people.
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Mmu.Architecture;
using Mmu.Vmm.Images;
using Mmu.Walk;

namespace Mmu.Vmm.Inspect;

/// <summary>Prints roots, mappings, summary and explanations as text.</summary>
internal sealed class TextReport : IReport
{
    private readonly TextWriter _output;
    private int _rootCount;
    private bool _isOnly;
    private string _addressFormat = "x16";

    public TextReport(TextWriter output)
    {
        _output = output;
    }

    /// <inheritdoc/>
    public void Begin(GuestImage image)
    {
        _rootCount = image.Roots.Count;
        _output.WriteLine($"{image.Path}: {image.Kind}, {SizeText.Of((ulong)image.Pages.Bytes)} of guest memory");
        foreach (string note in image.Notes)
        {
            _output.WriteLine($"note: {note}");
        }

        _output.WriteLine($"roots, from {image.RootsFrom}:");
        for (int i = 0; i < _rootCount; i++)
        {
            PagingRoot root = image.Roots[i];
            _output.WriteLine(
                $"  {i,3}  {root.Label,-10}  {root.ModeName,-10}  cr3={root.Cr3:x} cr0={root.Cr0:x} cr4={root.Cr4:x} efer={root.Efer:x}");
        }
    }

    /// <inheritdoc/>
    public void BeginRoot(int index, PagingRoot root, bool isOnly, string? note)
    {
        _isOnly = isOnly;
        _addressFormat = root.Levels > 3 ? "x16" : "x8";
        _output.WriteLine();
        _output.WriteLine($"root {index}: {root.Label}, {root.ModeName}, cr3={root.Cr3:x}");
        if (note is not null)
        {
            _output.WriteLine($"  note: {note}");
        }
    }

    /// <inheritdoc/>
    public void Pages(IEnumerable<MappedPage> pages)
    {
        foreach (MappedPage page in pages)
        {
            string flags = EntryFlags.OfLeaf(page.Entry, page.Bytes > PageMath.PageSize);
            string size = SizeText.Of(page.Bytes);
            _output.WriteLine($"  {Address(page.Gva.Value)}  {page.Gpa.Value:x12}  {size,4}  {flags}  {EntryFlags.Full(page.Rights)}");
        }
    }

    /// <inheritdoc/>
    public void Aliases(ulong gpa, IEnumerable<MappedPage> pages)
    {
        int count = 0;
        foreach (MappedPage page in pages)
        {
            count++;
            string alias = Address(page.Gva.Value + (gpa - page.Gpa.Value));
            string size = SizeText.Of(page.Bytes);
            _output.WriteLine($"  {alias}  in a {size} page at {Address(page.Gva.Value)}  {EntryFlags.Full(page.Rights)}");
        }

        _output.WriteLine($"  {count} {(count == 1 ? "address maps" : "addresses map")} {gpa:x}");
    }

    /// <inheritdoc/>
    public void Ranges(IEnumerable<MappedPage> pages)
    {
        foreach (MappedRange range in RangeMerger.Merge(pages, Rights.User | Rights.Write | Rights.Execute))
        {
            string size = SizeText.Of(range.Last - range.Start + 1);
            string pageSizes = SizeText.OfEach(range.PageSizes);
            _output.WriteLine($"  {Address(range.Start)}-{Address(range.Last)}  {size,7}  {EntryFlags.Full(range.Rights)}  {pageSizes}");
        }
    }

    /// <inheritdoc/>
    public void Summary(RootSummary summary)
    {
        _output.WriteLine("  level   tables   entries    leaves");
        for (int level = summary.Scan.Levels.Count; level > 0; level--)
        {
            LevelCount count = summary.Scan.Levels[level - 1];
            _output.WriteLine($"  {level,5}  {count.Tables,7}  {count.Entries,8}  {count.Leaves,8}");
        }

        var sizes = new List<string>();
        foreach ((ulong size, long count) in summary.Tally.Counts)
        {
            sizes.Add(string.Create(CultureInfo.InvariantCulture, $"{count} × {SizeText.Of(size)} = {SizeText.Of(size * (ulong)count)}"));
        }

        string bySize = sizes.Count > 0 ? $" ({string.Join(", ", sizes)})" : string.Empty;
        _output.WriteLine($"  mapped: {SizeText.Of(summary.Tally.Bytes)}{bySize}");
        if (summary.Scan.Missing.Count > 0)
        {
            SortedSet<ulong> missing = summary.Scan.Missing;
            _output.WriteLine($"  tables not in the image: {missing.Count}, first at {missing.Min:x}; what they map is not shown");
        }

        if (summary.Incomplete is { } reason)
        {
            _output.WriteLine($"  incomplete: {reason}");
        }
    }

    /// <inheritdoc/>
    public void Explain(Explanation explanation)
    {
        foreach (ExplainedStep step in explanation.Steps)
        {
            string flags = EntryFlags.Format(step.Entry);
            _output.WriteLine($"  level {step.Level}  [{step.EntryGpa:x12}] = {step.Entry:x16}  {flags}  {step.Meaning}");
        }

        string page = $"in a {SizeText.Of(explanation.PageSize)} page, {EntryFlags.Full(explanation.Rights)}";
        string outcome = explanation.Gpa is { } gpa ? $"→ {gpa:x}, {page}" : "is not mapped";
        _output.WriteLine($"  {Address(explanation.Gva)} {outcome}");
        foreach (Verdict verdict in explanation.Verdicts)
        {
            _output.WriteLine($"  {verdict.Access,-16}  {verdict.Outcome}");
        }
    }

    /// <inheritdoc/>
    public void EndRoot()
    {
        // Each line is complete.
    }

    /// <inheritdoc/>
    public void End()
    {
        if (_isOnly && _rootCount > 1)
        {
            _output.WriteLine();
            _output.WriteLine($"Roots not shown: {_rootCount - 1}. See them with --root N or --root all.");
        }
    }

    private string Address(ulong gva) => gva.ToString(_addressFormat, CultureInfo.InvariantCulture);
}
