// Perf: the floors of all operations.
namespace Mmu.Perf.Shadow;

/// <summary>Makes subjects of the loops of shadow.c.</summary>
internal sealed unsafe class FloorCases
{
    public const string Name = "C floor";

    private readonly FloorTables _tables;

    public FloorCases(FloorTables tables) => _tables = tables;

    /// <summary>Maps pages that are not, one at a time.</summary>
    public Subject Map(AddressList pages) => Pair("unmap", "map", pages, pages.Chunk);

    /// <summary>Maps the eight pages of windows.</summary>
    public Subject MapWindow(AddressList windows)
    {
        AddressList pages = windows.Each(8, 4096);
        FloorTables.FloorLoop unmap = _tables.Loop("unmap"), map = _tables.Loop("map_window");
        return new DelegateSubject(Name, pages.Chunk, c => unmap(pages.Of(c), pages.Chunk), c => map(windows.Of(c), windows.Chunk));
    }

    /// <summary>Maps pages whose tables of level 1 are made with them.</summary>
    public Subject MapTable(AddressList pages) => Pair("drop_table", "map_table", pages, pages.Chunk);

    /// <summary>Empties tables, each named by an address in it; per page.</summary>
    public Subject Zap(AddressList tables, int pagesPerTable)
    {
        AddressList pages = tables.Each(pagesPerTable, 4096);
        return Pair("map", "zap", pages, pages.Chunk, tables);
    }

    /// <summary>Brings tables in step of which some entries have changed; per table.</summary>
    public Subject Sync(string name, string loop, AddressList tables, int changed)
    {
        AddressList entries = tables.Each(changed, 512 / changed * 4096);
        FloorTables.FloorLoop map = _tables.Loop("map"), snapshot = _tables.Loop("snapshot"), change = _tables.Loop("change"), sync = _tables.Loop(loop);
        return new DelegateSubject(
            name,
            tables.Chunk,
            c =>
            {
                map(entries.Of(c), entries.Chunk);
                snapshot(entries.Of(c), entries.Chunk);
                change(entries.Of(c), entries.Chunk);
            },
            c => sync(tables.Of(c), tables.Chunk));
    }

    /// <summary>The guest gives pages other frames, invalidates their addresses and touches them.</summary>
    public Subject Remap(AddressList pages) => Pair("prepare", "remap", pages, pages.Chunk);

    /// <summary>Compares an entry with the guest's.</summary>
    public Subject Invalidate(AddressList pages) => Pair("prepare", "invalidate", pages, pages.Chunk);

    /// <summary>Takes write access from pages through a dirty bitmap; per page.</summary>
    /// <param name="name">What the loop is called.</param>
    /// <param name="loop">The loop.</param>
    /// <param name="frames">Guest frames in ascending order, chunks of a multiple of 64.</param>
    public Subject Protect(string name, string loop, AddressList frames)
    {
        FloorTables.FloorLoop prepare = _tables.Loop("set_dirty", perMode: false), protect = _tables.Loop(loop, perMode: false);
        return new DelegateSubject(name, frames.Chunk, c => prepare(frames.Of(c), frames.Chunk), c => protect(frames.Of(c), frames.Chunk));
    }

    /// <summary>Switches among roots, given as frames.</summary>
    public Subject Switch(string loop, AddressList roots)
    {
        FloorTables.FloorLoop run = _tables.Loop(loop, perMode: false);
        return new DelegateSubject(Name, roots.Chunk, _ => { }, c => run(roots.Of(c), roots.Chunk));
    }

    /// <summary>A process comes and goes; per page.</summary>
    public Subject Live(ShadowGuest guest)
    {
        AddressList triple = new([guest.Life.Gva, guest.Life.Table, guest.Life.Frame], 3);
        FloorTables.FloorLoop live = _tables.Loop("life");
        return new DelegateSubject(Name, 512, _ => { }, _ => live(triple.All, 1));
    }

    private DelegateSubject Pair(string prepare, string run, AddressList pages, int operations, AddressList? runOver = null)
    {
        FloorTables.FloorLoop first = _tables.Loop(prepare), second = _tables.Loop(run);
        AddressList list = runOver ?? pages;
        return new DelegateSubject(Name, operations, c => first(pages.Of(c), pages.Chunk), c => second(list.Of(c), list.Chunk));
    }
}
