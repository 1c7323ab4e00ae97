// Perf: all operations of the Shadow MMU that are measured, for one mode.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Perf.Peers;

namespace Mmu.Perf.Shadow;

/// <summary>The guests, the tables and the cases of one mode. The floor has a guest of its own: both write to theirs.</summary>
internal sealed class ShadowSuite : IDisposable
{
    private readonly ModeShape _mode;
    private readonly PeerLibrary? _library;
    private readonly ShadowGuest _guest;
    private readonly GuestRun _run;
    private readonly MmuCases _mmu;
    private readonly ShadowGuest _floorGuest;
    private readonly FloorTables? _floorTables;
    private readonly FloorCases? _floor;

    /// <summary>Builds everything and touches it.</summary>
    /// <param name="mode">The guest's paging mode.</param>
    /// <param name="library">The floors; null where they cannot be built.</param>
    public ShadowSuite(ModeShape mode, PeerLibrary? library)
    {
        _mode = mode;
        _library = library;
        _guest = ShadowGuest.Create(mode);
        _run = new GuestRun(_guest);
        _mmu = new MmuCases(_run, _guest);
        _mmu.Fill();
        _floorGuest = ShadowGuest.Create(mode);
        if (library is not null)
        {
            _floorTables = new FloorTables(library, _floorGuest);
            _floorTables.Fill(_floorGuest.Dense);
            _floorTables.Fill(_floorGuest.Sparse);
            _floorTables.Fill(_floorGuest.Lone);
            _floor = new FloorCases(_floorTables);
        }
    }

    public IEnumerable<ShadowCase> Cases() => SingleCases().Concat(Everything());

    /// <summary>All but those that need a million mappings.</summary>
    public IEnumerable<ShadowCase> SingleCases() => Mappings().Concat(Changes()).Concat(Roots()).Concat(Ranges());

    public void Dispose()
    {
        _run.Dispose();
        _guest.Dispose();
        _floorTables?.Dispose();
        _floorGuest.Dispose();
    }

    private IEnumerable<ShadowCase> Mappings()
    {
        AddressList singles = new(_guest.Sparse.Pages(), 2048);
        AddressList scattered = singles.Scattered();
        AddressList windows = new(_guest.Dense.Pages(8), 256);
        AddressList scatteredWindows = windows.Scattered();
        AddressList lone = new(_guest.Lone.Pages(), 256);
        yield return Of("map a page, in order", 60, [_mmu.Map(_guest.Sparse, singles), _floor?.Map(singles)]);
        yield return Of("map a page, scattered", 60, [_mmu.Map(_guest.Sparse, scattered), _floor?.Map(scattered)]) with { RatioGoal = 8 };
        yield return Of("map 8 pages a fault, in order; per page", 15, [_mmu.MapWindow(windows), _floor?.MapWindow(windows)]);
        yield return Of("map 8 pages a fault, scattered; per page", 15, [_mmu.MapWindow(scatteredWindows), _floor?.MapWindow(scatteredWindows)]);
        yield return Of("map a page with a new table", null, [_mmu.MapTable(lone), _floor?.MapTable(lone)]);
    }

    private IEnumerable<ShadowCase> Changes()
    {
        AddressList tables = new(Unsync(512), 16);
        AddressList pages = new AddressList(Unsync(1), 2048).Scattered();
        AddressList inStep = new AddressList(_guest.Sparse.Pages(), 2048).Scattered();
        foreach (int changed in (int[])[1, 32, 512])
        {
            yield return Of(
                $"sync a table, {changed} of 512 changed",
                changed < 512 ? 1000 : null,
                [
                    _mmu.Sync(tables, changed),
                    _floor?.Sync(FloorCases.Name, "sync_vector", tables, changed),
                    _floor?.Sync("C entry by entry", "sync_scalar", tables, changed),
                ]);
        }

        yield return Of("unsync store + INVLPG + fault", 150, [_mmu.Remap(pages), _floor?.Remap(pages)]);
        yield return Of("INVLPG, table in step", null, [_mmu.Invalidate(inStep), _floor?.Invalidate(inStep)]);
        yield return Of("INVLPG, table unsync, no change", null, [_mmu.InvalidateUnsync(pages), _floor?.Invalidate(pages)]);
        yield return Of("process of 512 pages; per page", 40, [_mmu.Live(), _floor?.Live(_floorGuest)]);
    }

    private IEnumerable<ShadowCase> Roots()
    {
        AddressList four = new(Enumerable.Range(0, 1024).Select(i => _guest.Roots[i % 4]), 256);
        AddressList all = new(Enumerable.Range(0, 1024).Select(i => _guest.Roots[i % ShadowGuest.RootCount]), 256);
        AddressList fourFrames = four.Select(cr3 => cr3 >> 12);
        AddressList allFrames = all.Select(cr3 => cr3 >> 12);
        _floorTables?.AddRoots(_guest.Roots);
        yield return Of("cached root: MOV to CR3 among 4", 20, [_mmu.LoadCr3(four), _floor?.Switch("switch_root", fourFrames)]);
        yield return Of("enter and leave the guest", null, [_mmu.Enter(256)]);
        yield return Of("cached root, entered and left", null, [_mmu.Switch(four), _floor?.Switch("switch_root", fourFrames)]);
        yield return Of("root by hash among 32, entered and left", 80, [_mmu.Switch(all), _floor?.Switch("find_root", allFrames)]);
    }

    private IEnumerable<ShadowCase> Ranges()
    {
        AddressList pages = new(_guest.Dense.Pages().Skip(_guest.Dense.Count / 2), 16384);
        AddressList frames = pages.Select(gva => _guest.Dense.GpaOf(gva) >> 12);
        yield return Of("write-protect, plain stores; per page", 2, [_mmu.Protect(pages), _floor?.Protect(FloorCases.Name, "protect_plain", frames)]);
        yield return Of("write-protect, atomic; per page", 8, [_mmu.ProtectClean(pages), _floor?.Protect(FloorCases.Name, "protect_locked", frames)]);
    }

    private IEnumerable<ShadowCase> Everything()
    {
        using ShadowGuest guest = ShadowGuest.CreateMany(_mode);
        using GuestRun run = new(guest);
        using ShadowGuest floorGuest = ShadowGuest.CreateMany(_mode);
        using FloorTables? tables = _library is null ? null : new FloorTables(_library, floorGuest);
        tables?.Fill(floorGuest.Dense);
        FloorCases? floor = tables is null ? null : new FloorCases(tables);
        ManyCases many = new(run, guest);
        foreach (int mappings in (int[])[10_000, 1_000_000])
        {
            AddressList reclaimed = new((floorGuest.Dense with { Count = mappings }).Pages(512), mappings);
            yield return Of($"zap all of {mappings}, twice; per call", 1000, [many.ZapAll(mappings)]) with { MinRounds = 24 };
            yield return Of($"reclaim after zap-all of {mappings}; per page", 3, [many.ReclaimAll(mappings), floor?.Zap(reclaimed, 512)]) with { MinRounds = 24 };
        }
    }

    // Every so many pages of those whose tables the guest may write.
    private IEnumerable<ulong> Unsync(int step) => _guest.Dense.Pages(step).Take(ShadowGuest.WindowCount * 512 / step);

    private ShadowCase Of(string what, double? goal, Subject?[] subjects) => new(what, goal, [.. subjects.OfType<Subject>()]) { Vm = _run.Vm };
}
