// Snapshot tests: a snapshot's tables in memory, ready to be walked from any root of its truth file.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Vmm.Images;
using Mmu.Vmm.Inspect;
using Mmu.Walk;

namespace Mmu.Tests.Snapshots;

/// <summary>Tables of every root and what QEMU said about them.</summary>
internal sealed class LoadedSnapshot : IDisposable
{
    private LoadedSnapshot(string name, IReadOnlyList<TruthRoot> truth, TableMemory tables)
    {
        Name = name;
        Truth = truth;
        Tables = tables;
    }

    public string Name { get; }

    public IReadOnlyList<TruthRoot> Truth { get; }

    public TableMemory Tables { get; }

    /// <summary>Loads the snapshot <paramref name="name"/> of data/snapshots.</summary>
    public static LoadedSnapshot Open(string name)
    {
        using GuestImage image = ImageOpener.Open(SnapshotData.PathOf(name, "pagetables.bin.gz"), new RootOptions());
        IReadOnlyList<TruthRoot> truth = TruthFile.Read(SnapshotData.PathOf(name, "truth.txt.gz"));
        var pages = new SortedSet<ulong>();
        foreach (TruthRoot root in truth)
        {
            pages.UnionWith(TableScan.Run(image.Pages, Paging(root)).Tables);
        }

        TableMemory tables = TableMemory.Load(image.Pages, pages);
        foreach (TruthRoot root in truth)
        {
            if (Paging(root).Levels == 3)
            {
                _ = tables.ClearAccessedInPaeRoot(root.Cr3);
            }
        }

        return new LoadedSnapshot(name, truth, tables);
    }

    /// <summary>Returns the control state of <paramref name="root"/>.</summary>
    public static PagingRoot Paging(TruthRoot root) => new(root.Label, root.Cr0, root.Cr3, root.Cr4, root.Efer);

    /// <summary>Returns the address space of <paramref name="root"/> as `mmu inspect` sees it.</summary>
    public AddressSpace Open(TruthRoot root) =>
        AddressSpace.Open(
        Tables, Paging(root), new CpuModel(IsAmd: false, CpuModel.DefaultMaxPhyAddr), PageScan.DefaultAliasBudget);

    /// <summary>Returns a walker of <paramref name="root"/>; the tables are read-only: no walk changes what the next one finds.</summary>
    public GuestWalker Walker(TruthRoot root)
    {
        GuestMemory memory = new();
        foreach (TableRun run in Tables.Runs)
        {
            memory.AddSlot(new MemorySlot(new Gpa(run.Gpa), run.Size, (nuint)run.Host, SlotFlags.ReadOnly));
        }

        GuestWalker walker = new(memory, new CpuFeatures());
        ControlState state = new() { Cr0 = root.Cr0, Cr3 = root.Cr3, Cr4 = root.Cr4, Efer = root.Efer };
        ControlStateStatus status = walker.SetControlState(state);
        return status == ControlStateStatus.Legal ? walker : throw new InvalidOperationException($"{root} is refused: {status}");
    }

    /// <inheritdoc/>
    public void Dispose() => Tables.Dispose();
}
