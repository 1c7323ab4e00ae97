// Perf: all operations of the Shadow MMU that are measured, for one mode.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Perf.Peers;

namespace Mmu.Perf.Shadow;

/// <summary>The guests, the tables and the cases of one mode.</summary>
internal sealed class ShadowSuite : IDisposable
{
    private readonly ShadowGuest _floorGuest;
    private readonly FloorTables _floor;
    private readonly FloorCases _floors;

    public ShadowSuite(ModeShape mode, PeerLibrary? library)
    {
        _floorGuest = ShadowGuest.Create(mode);
        _floor = new FloorTables(library!, _floorGuest);
        foreach (PageArea area in (PageArea[])[_floorGuest.Dense, _floorGuest.Sparse, _floorGuest.Lone])
        {
            _floor.Fill(area);
        }

        _floors = new FloorCases(_floor);
    }

    public IEnumerable<ShadowCase> Cases()
    {
        AddressList singles = new(_floorGuest.Sparse.Pages(), 2048);
        AddressList windows = new(_floorGuest.Dense.Pages(8), 256);
        AddressList lone = new(_floorGuest.Lone.Pages(), 256);
        AddressList tables = new(_floorGuest.Dense.Pages(512), 16);
        AddressList pages = new AddressList(_floorGuest.Dense.Pages(), 2048).Scattered();
        AddressList frames = new(_floorGuest.Dense.Pages().Select(g => _floorGuest.Dense.GpaOf(g) >> 12), 16384);
        yield return new ShadowCase("map a page, in order", 60, [_floors.Map(singles)]);
        yield return new ShadowCase("map a page, scattered", 60, [_floors.Map(singles.Scattered())]);
        yield return new ShadowCase("map a page and 7 neighbours, in order; per page", 15, [_floors.MapWindow(windows)]);
        yield return new ShadowCase("map a page and 7 neighbours, scattered; per page", 15, [_floors.MapWindow(windows.Scattered())]);
        yield return new ShadowCase("map a page with a new table", null, [_floors.MapTable(lone)]);
        foreach (int changed in (int[])[1, 32, 512])
        {
            yield return new ShadowCase(
                $"sync a table, {changed} changed", 1000, [_floors.Sync(FloorCases.Name, "sync_vector", tables, changed), _floors.Sync("C scalar", "sync_scalar", tables, changed)]);
        }

        yield return new ShadowCase("remap", 150, [_floors.Remap(pages)]);
        yield return new ShadowCase("invalidate", null, [_floors.Invalidate(pages)]);
        yield return new ShadowCase("zap", 3, [_floors.Zap(tables, 512)]);
        yield return new ShadowCase("protect", 2, [_floors.Protect(FloorCases.Name, "protect_plain", frames), _floors.Protect("C locked", "protect_locked", frames)]);
        yield return new ShadowCase("life", 40, [_floors.Live(_floorGuest)]);
    }

    public void Dispose()
    {
        _floor.Dispose();
        _floorGuest.Dispose();
    }
}
