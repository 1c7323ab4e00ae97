// Vmm: output to compare with QEMU: "gva gpa flags" as `info tlb`, "start end urw" as `info mem`, hexadecimal, unpadded.
using System.Collections.Generic;
using System.IO;
using Mmu.Architecture;
using Mmu.Vmm.Images;
using Mmu.Walk;

namespace Mmu.Vmm.Inspect;

/// <summary>Prints nothing but mappings; with several roots an "R cr3=…" line starts each.</summary>
internal sealed class QemuReport : IReport
{
    private readonly TextWriter _output;
    private int _addressBits;

    public QemuReport(TextWriter output)
    {
        _output = output;
    }

    /// <inheritdoc/>
    public void Begin(GuestImage image)
    {
        // The mappings alone, so that `diff` works.
    }

    /// <inheritdoc/>
    public void BeginRoot(int index, PagingRoot root, bool isOnly, string? note)
    {
        _addressBits = root.Levels == 5 ? 57 : 48;
        if (!isOnly)
        {
            _output.WriteLine($"R cr3={root.Cr3:x} cr0={root.Cr0:x} cr4={root.Cr4:x} efer={root.Efer:x}");
        }
    }

    /// <inheritdoc/>
    public void Pages(IEnumerable<MappedPage> pages)
    {
        foreach (MappedPage page in pages)
        {
            _output.WriteLine($"{page.Gva.Value:x} {page.Gpa.Value:x} {EntryFlags.OfLeaf(page.Entry, page.Bytes > PageMath.PageSize)}");
        }
    }

    /// <inheritdoc/>
    public void Aliases(ulong gpa, IEnumerable<MappedPage> pages) => Pages(pages);

    /// <inheritdoc/>
    public void Ranges(IEnumerable<MappedPage> pages)
    {
        foreach (MappedRange range in RangeMerger.Merge(pages, Rights.User | Rights.Write))
        {
            // The end of the whole address space is not sign-extended by QEMU: it prints 2^48 or 2^57.
            ulong end = range.Last == ulong.MaxValue ? 1UL << _addressBits : range.Last + 1;
            _output.WriteLine($"{range.Start:x} {end:x} {EntryFlags.InfoMem(range.Rights)}");
        }
    }

    /// <inheritdoc/>
    public void Summary(RootSummary summary)
    {
        // QEMU prints none.
    }

    /// <inheritdoc/>
    public void Explain(Explanation explanation)
    {
        string gpa = explanation.Gpa is { } value ? $"{value:x}" : "-";
        _output.WriteLine($"{explanation.Gva:x} {gpa}");
    }

    /// <inheritdoc/>
    public void EndRoot()
    {
        // Nothing to close.
    }

    /// <inheritdoc/>
    public void End()
    {
        // Nothing to close.
    }
}
