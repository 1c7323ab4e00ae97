// Perf: all operations of the TDP MMU that are measured, for one format.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Perf.Peers;
using Mmu.Perf.Shadow;

namespace Mmu.Perf.Tdp;

/// <summary>The guests and the cases of one format of entries.</summary>
internal sealed class TdpSuite : IDisposable
{
    private const string Library = "Mmu";
    private const int PagesPerTable = 512;

    /// <summary>Whole tables of pages, about 10^6.</summary>
    public const int Million = 1_000_000 / PagesPerTable * PagesPerTable;

    private readonly TdpRun _small;
    private readonly TdpRun _huge;
    private readonly TdpRun _giant;
    private readonly TdpFloor? _floor;
    private readonly TdpFloor? _hugeFloor;
    private readonly AddressList _start = new([0UL], 1);
    private readonly int _many;

    /// <summary>Builds everything.</summary>
    /// <param name="format">Format of the entries.</param>
    /// <param name="library">The floors; null where they cannot be built.</param>
    /// <param name="many">How many pages are unmapped and zapped at once: whole tables.</param>
    public TdpSuite(TdpFormat format, PeerLibrary? library, int many = Million)
    {
        _many = many;
        _small = new TdpRun(format, highestPageLevel: 1);
        _huge = new TdpRun(format, highestPageLevel: 2);
        _giant = new TdpRun(format, highestPageLevel: 3);
        _floor = library is null ? null : new TdpFloor(library);
        _hugeFloor = library is null ? null : new TdpFloor(library);
    }

    private string Count => _many == Million ? "10^6" : _many.ToString(CultureInfo.InvariantCulture);

    public IEnumerable<ShadowCase> Cases() => Mappings().Concat(Protections()).Concat(Removals()).Concat(Splits());

    public void Dispose()
    {
        _small.Dispose();
        _huge.Dispose();
        _giant.Dispose();
        _floor?.Dispose();
        _hugeFloor?.Dispose();
    }

    private IEnumerable<ShadowCase> Mappings()
    {
        // One GiB is kept mapped but for the pages that are just measured, so that tables stay.
        AddressList singles = new(Pages(0, 1 << 18), 2048);
        AddressList scattered = singles.Scattered();
        AddressList lone = new(Pages(0, 2048, PagesPerTable), 256);
        AddressList huge = new(Pages(0, 2048, PagesPerTable), 512);
        _floor?.Run("prepare", singles);
        _floor?.Run("map", singles);
        _hugeFloor?.Run("prepare2", huge);
        _small.TouchAll(singles);
        yield return Of(_small, "map 4 KiB, in order", 40, [Map(_small, singles, TdpRun.PageBytes), _floor?.Of(singles, ["unmap"], "map")]);
        yield return Of(_small, "map 4 KiB, scattered", 40, [Map(_small, scattered, TdpRun.PageBytes), _floor?.Of(scattered, ["unmap"], "map")]);
        yield return Of(_small, "map 4 KiB with a new table", null, [Map(_small, lone, TdpRun.HugeBytes), null]);
        yield return Of(_huge, "map 2 MiB", null, [Map(_huge, huge, TdpRun.HugeBytes), _hugeFloor?.Of(huge, ["unmap2"], "map2")]);
    }

    private IEnumerable<ShadowCase> Protections()
    {
        AddressList pages = new(Pages(1 << 18, 1 << 18), 16384);
        AddressList single = new AddressList(Pages(1 << 18, 1 << 18), 2048).Scattered();
        _floor?.Run("prepare", pages);
        _floor?.Run("map", pages);
        _small.TouchAll(pages);
        yield return Of(_small, "fast fault after write-protect", 40,
        [
            new DelegateSubject(Library, single.Chunk, c => _small.Protect(single, c), c => _small.Write(single, c, ViolationFlags.Present)),
            _floor?.Of(single, [], "restore"),
        ]);
        yield return Of(_small, "write-protect; per page", 8,
        [
            new DelegateSubject(Library, pages.Chunk, c => _small.Touch(pages, c), c => _small.ProtectRange(pages, c)),
            _floor?.Of(pages, ["set_dirty"], "protect_plain"),
            Named("C floor, locked", _floor?.Of(pages, ["set_dirty"], "protect_locked")),
        ]);
    }

    private IEnumerable<ShadowCase> Removals()
    {
        AddressList all = new(Pages(0, _many), _many);
        ulong bytes = (ulong)_many * TdpRun.PageBytes;
        _floor?.Run("prepare", all);
        yield return Of(_small, $"unmap {Count} pages; per page", 3,
        [
            new DelegateSubject(Library, _many, _ => _small.TouchAll(all), _ => _small.Vm.UnmapRange(new Gpa(0), bytes)),
            _floor?.Of(all, ["map"], "zap"),
        ]) with
        { MinRounds = 24 };
        yield return Of(_small, $"zap all of {Count} pages; per call", 1000,
        [
            new DelegateSubject(Library, 1, _ => Fill(all), _ => _small.Vm.ZapAll()),
        ]) with
        { MinRounds = 24 };
        yield return Of(_small, $"take {Count} pages apart after zap-all; per page", 3,
        [
            new DelegateSubject(Library, _many, _ => FillAndZap(all), _ => _small.Reclaim()),
            _floor?.Of(all, ["map"], "zap"),
        ]) with
        { MinRounds = 24 };
    }

    private IEnumerable<ShadowCase> Splits()
    {
        AddressList huge = new(Pages(0, 512, PagesPerTable), 512);
        _hugeFloor?.Run("map2", huge);

        // Each turn begins with what the turn before made.
        _hugeFloor?.Run("split", huge);
        yield return Of(_giant, "split 1 GiB into 4 KiB; per page", null,
        [
            new DelegateSubject(Library, 1 << 18, _ => MapGiant(), _ => _giant.Vm.SplitHugePages(new Gpa(0), TdpRun.GiB)),
            _hugeFloor?.Of(huge, ["unsplit"], "split", 1 << 18),
        ]) with
        { MinRounds = 24 };
    }

    private static DelegateSubject Map(TdpRun run, AddressList gpas, ulong bytes) =>
        new(Library, gpas.Chunk, c => run.Unmap(gpas, c, bytes), c => run.Write(gpas, c));

    private void Fill(AddressList all)
    {
        _small.Reclaim();
        _small.Enter();
        _small.TouchAll(all);
    }

    private void FillAndZap(AddressList all)
    {
        Fill(all);
        _small.Vm.ZapAll();
        _small.Enter();
    }

    private void MapGiant()
    {
        _giant.Vm.ZapRange(new Gpa(0), TdpRun.GiB);
        _giant.Vm.ZapAll();
        _giant.Reclaim();
        _giant.Enter();
        _giant.Write(_start, 0);
    }

    private static IEnumerable<ulong> Pages(int first, int count, int step = 1) =>
        Enumerable.Range(0, count).Select(i => ((ulong)first + ((ulong)i * (ulong)step)) * TdpRun.PageBytes);

    private static DelegateSubject? Named(string name, Subject? subject) =>
        subject is null ? null : new DelegateSubject(name, subject.Operations, subject.Prepare, subject.Run);

    private static ShadowCase Of(TdpRun run, string what, double? goal, Subject?[] subjects) =>
        new(what, goal, [.. subjects.OfType<Subject>()]) { Vm = run.Vm };
}
