// Perf: the operations of the Shadow MMU.
using System.Linq;

namespace Mmu.Perf.Shadow;

/// <summary>Makes subjects of what a VM does. Each prepares the state that its turn uses up.</summary>
internal sealed unsafe class MmuCases(GuestRun run, ShadowGuest guest)
{
    public const string Name = "Mmu";

    private readonly AddressList _windows = new(guest.Windows, ShadowGuest.WindowCount);

    /// <summary>Maps everything once, so that the arena's memory is there and every page is mapped between turns.</summary>
    public void Fill()
    {
        foreach (PageArea area in (PageArea[])[guest.Sparse, guest.Lone])
        {
            AddressList pages = new(area.Pages(), area.Count);
            run.Read(pages.All, pages.Count);
        }

        // One of eight asks, the others are prefetched.
        AddressList dense = new(guest.Dense.Pages(8), guest.Dense.Count);
        run.Read(dense.All, dense.Count);
    }

    /// <summary>Faults on pages that are not mapped, one at a time.</summary>
    public Subject Map(PageArea area, AddressList pages)
    {
        AddressList gpas = pages.Select(area.GpaOf);
        return new DelegateSubject(Name, pages.Chunk, c => run.Unmap(gpas.Of(c), gpas.Chunk), c => run.Read(pages.Of(c), pages.Chunk));
    }

    /// <summary>Faults on the first pages of windows of eight; per page.</summary>
    public Subject MapWindow(AddressList windows)
    {
        AddressList gpas = windows.Select(guest.Dense.GpaOf);
        return new DelegateSubject(
            Name, windows.Chunk * 8, c => run.Unmap(gpas.Of(c), gpas.Chunk, 8 * 4096), c => run.Read(windows.Of(c), windows.Chunk));
    }

    /// <summary>Faults on pages whose tables of level 1 are not shadowed.</summary>
    public Subject MapTable(AddressList pages)
    {
        AddressList tables = pages.Select(gva => (ulong)(guest.LeafOf(gva) - guest.Memory));
        return new DelegateSubject(Name, pages.Chunk, c => run.Unshadow(tables.Of(c), tables.Chunk), c => run.Read(pages.Of(c), pages.Chunk));
    }

    /// <summary>A MOV to CR3 after which unsync tables are brought in step of which some entries have changed; per table.</summary>
    public Subject Sync(AddressList tables, int changed)
    {
        AddressList entries = tables.Each(changed, 512 / changed * 4096);
        AddressList leaves = entries.Select(gva => (ulong)guest.LeafOf(gva));
        AddressList windows = tables.Select(WindowOf);
        AddressList root = new([guest.Root], 1);
        return new DelegateSubject(
            Name,
            tables.Chunk,
            c =>
            {
                run.Switch(root.All, 1);
                run.Touch(entries.Of(c), entries.Chunk);
                run.Write(windows.Of(c), windows.Chunk);
                GuestRun.Store(leaves.Of(c), leaves.Chunk);
            },
            _ => run.Switch(root.All, 1));
    }

    /// <summary>The guest gives pages other frames through tables that are unsync, invalidates their addresses and touches them.</summary>
    public Subject Remap(AddressList pages)
    {
        AddressList leaves = pages.Select(gva => (ulong)guest.LeafOf(gva));
        return new DelegateSubject(
            Name,
            pages.Chunk,
            c =>
            {
                run.Write(_windows.All, _windows.Count);
                run.Touch(pages.Of(c), pages.Chunk);
            },
            c => run.Remap(pages.Of(c), leaves.Of(c), pages.Chunk));
    }

    /// <summary>INVLPGs of addresses whose tables are in step.</summary>
    public Subject Invalidate(AddressList pages) =>
        new DelegateSubject(Name, pages.Chunk, _ => { }, c => run.Invalidate(pages.Of(c), pages.Chunk));

    /// <summary>INVLPGs of addresses whose tables are unsync, with nothing changed.</summary>
    public Subject InvalidateUnsync(AddressList pages) => new DelegateSubject(
        Name,
        pages.Chunk,
        c =>
        {
            run.Write(_windows.All, _windows.Count);
            run.Touch(pages.Of(c), pages.Chunk);
        },
        c => run.Invalidate(pages.Of(c), pages.Chunk));

    /// <summary>MOVs to CR3 that find the root among those used last.</summary>
    public Subject LoadCr3(AddressList roots) =>
        new DelegateSubject(Name, roots.Chunk, c => run.Switch(roots.Of(c), 4), c => run.LoadCr3(roots.Of(c), roots.Chunk));

    /// <summary>As <see cref="LoadCr3"/>, and back into the guest and out of it; or MOVs to CR3 that find no root there.</summary>
    public Subject Switch(AddressList roots) =>
        new DelegateSubject(Name, roots.Chunk, c => run.Switch(roots.Of(c), 4), c => run.Switch(roots.Of(c), roots.Chunk));

    /// <summary>Into the guest and out of it.</summary>
    public Subject Enter(int count) => new DelegateSubject(
        Name,
        count,
        _ => run.Enter(),
        _ =>
        {
            for (int i = 0; i < count; i++)
            {
                run.Enter();
            }
        });

    /// <summary>A process comes and goes; per page.</summary>
    public Subject Live()
    {
        AddressList windows = new(Enumerable.Range(0, 64).Select(i => guest.Life.Gva + ((ulong)i * 8 * 4096)), 64);
        return new DelegateSubject(Name, 512, _ => { }, _ => run.Live(windows.All, windows.Count));
    }

    /// <summary>Takes write access from pages that were all written, so that no processor has anything left to set; per page.</summary>
    /// <param name="pages">Pages of the dense area in ascending order.</param>
    public Subject Protect(AddressList pages) => new DelegateSubject(
        Name,
        pages.Chunk,
        c => run.Write(pages.Of(c), pages.Chunk),
        c => run.Vm.WriteProtect(new Addressing.Gpa(guest.Dense.GpaOf(*pages.Of(c))), (ulong)pages.Chunk * 4096));

    /// <summary>Takes write access from pages that were written and have lost their dirty bits: a processor may set those any time.</summary>
    /// <param name="pages">Pages of the dense area in ascending order.</param>
    public Subject ProtectClean(AddressList pages) => new DelegateSubject(
        Name,
        pages.Chunk,
        c =>
        {
            run.Write(pages.Of(c), pages.Chunk);
            run.ClearDirty(guest.Dense.GpaOf(*pages.Of(c)), (ulong)pages.Chunk * 4096);
        },
        c => run.Vm.WriteProtect(new Addressing.Gpa(guest.Dense.GpaOf(*pages.Of(c))), (ulong)pages.Chunk * 4096));

    private ulong WindowOf(ulong gva) => guest.Windows[(int)((gva - guest.Dense.Gva) >> (12 + guest.Mode.IndexBits))];
}
