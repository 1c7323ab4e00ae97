// Vmm: the work of `mmu inspect`: opens the image, loads the tables of the selected roots, reports each.
using System;
using System.Collections.Generic;
using Mmu.Vmm.Images;
using Mmu.Walk;

namespace Mmu.Vmm.Inspect;

/// <summary>Runs one inspection.</summary>
internal sealed class Inspector
{
    private const int LeastAliases = 4096;
    private const int AliasesPerTable = 64;

    private readonly IReport _report;
    private readonly Progress _progress;

    public Inspector(IReport report, Progress progress)
    {
        _report = report;
        _progress = progress;
    }

    /// <summary>Inspects as <paramref name="options"/> say.</summary>
    /// <exception cref="InputException">The image or an option cannot be used.</exception>
    public void Run(InspectOptions options)
    {
        using GuestImage image = ImageOpener.Open(options.File, options.Registers);
        if (options.Root is { } index && index >= image.Roots.Count)
        {
            throw new InputException($"--root {index}: there are {image.Roots.Count} roots, 0 to {image.Roots.Count - 1}");
        }

        _report.Begin(image);
        for (int i = 0; i < image.Roots.Count; i++)
        {
            if (options.Root is null || options.Root == i)
            {
                InspectRoot(image, i, options);
            }
        }

        _report.End();
    }

    private void InspectRoot(GuestImage image, int index, InspectOptions options)
    {
        PagingRoot root = image.Roots[index];
        TableScan scan = TableScan.Run(image.Pages, root);
        using TableMemory tables = TableMemory.Load(image.Pages, scan.Tables);
        string? note = Prepare(tables, root);
        AddressSpace space = AddressSpace.Open(tables, root, options.Cpu, AliasBudget(scan.Tables.Count));
        _report.BeginRoot(index, root, image.Roots.Count == 1 || options.Root is not null, note);
        if (options.Explain is { } gva)
        {
            _report.Explain(space.Explain(gva));
        }
        else
        {
            List(space, scan, options);
        }

        _report.EndRoot();
    }

    // What the user must know to understand what follows.
    private static string? Prepare(TableMemory tables, PagingRoot root) => root.Levels switch
    {
        0 => "paging is off: every address below 4 GiB is its own translation",
        3 when tables.ClearAccessedInPaeRoot(root.Cr3) > 0 =>
            "bit 5 of the PDPTEs (reserved, but set by QEMU's software MMU) is taken as clear",
        _ => null,
    };

    // Tables that contain each other describe far more pages than memory holds; real address spaces share few.
    private static int AliasBudget(int tables) => (int)Math.Min(int.MaxValue, LeastAliases + ((long)tables * AliasesPerTable));

    private void List(AddressSpace space, TableScan scan, InspectOptions options)
    {
        var tally = new PageTally();
        IEnumerable<MappedPage> pages = options.Filter.Apply(tally.Count(space.Pages(), _progress));
        if (options.Filter.Gpa is { } gpa)
        {
            _report.Aliases(gpa, pages);
        }
        else if (options.ShowPages)
        {
            _report.Pages(pages);
        }
        else
        {
            _report.Ranges(pages);
        }

        _progress.Clear();
        _report.Summary(new RootSummary(scan, tally, space.Incomplete));
    }
}
