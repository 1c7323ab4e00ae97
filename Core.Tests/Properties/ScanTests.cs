// Scans of hostile address spaces end, keep their alias budget, and list what Peek translates: every page, and nothing beside it.
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Tests.Walk;
using Mmu.Walk;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Properties;

public sealed class ScanTests
{
    // A nested guest's largest page may consist of a quarter of a million pieces: enough of them.
    private const int MostPages = 20_000;

    [Fact]
    public void AScanEndsWithinItsAliasBudgetAndTellsIfItWasSpent() => HostileTables.Hold(150, guest =>
    {
        if (!guest.TryEnter() || guest.Second != SecondMode.None)
        {
            return;
        }

        // Slots have 21 pages; each is a table at most once a level before it counts as an alias.
        TableShape? shape = Machine.ShapeOf(guest.Mode);
        int tables = (21 * 4) + 1;
        foreach (int budget in (int[])[0, 1, 30])
        {
            PageScan scan = guest.Walker.ScanPages(new Gva(0), new Gva(ulong.MaxValue), budget);
            long pages = 0;
            foreach (MappedPage page in scan)
            {
                pages++;
            }

            Assert.InRange(pages, 0, (tables + budget) * (1L << (shape?.IndexBits ?? 0)));
            Assert.False(scan.MoveNext());
            RegionScan regions = guest.Walker.ScanRegions(new Gva(0), new Gva(ulong.MaxValue), aliasBudget: budget);
            long pagesInRegions = 0;
            foreach (MappedRegion region in regions)
            {
                pagesInRegions += (long)region.PageCount;
            }

            Assert.Equal(pages, pagesInRegions);
            Assert.Equal(scan.IsTruncated, regions.IsTruncated);
        }
    });

    [Fact]
    public void AScanListsWhatPeekTranslatesAndNothingBesideIt() => HostileTables.Hold(150, guest =>
    {
        if (!guest.TryEnterPermissive())
        {
            return;
        }

        byte[] before = guest.Guest.Image();
        PageScan scan = guest.Walker.ScanPages(new Gva(0), new Gva(ulong.MaxValue), 40);
        List<MappedPage> pages = Collect(scan, MostPages);
        Assert.Equal(before, guest.Guest.Image());
        bool complete = pages.Count < MostPages && !scan.IsTruncated;
        ulong end = 0;
        for (int i = 0; i < pages.Count; i++)
        {
            MappedPage page = pages[i];
            Assert.True(page.Gva.Value >= end, $"{page} is not above the page before it, which ends at 0x{end:x}");
            if (i % 8 == 0 || i < 64)
            {
                AssertSame(guest, page);
                if (page.Gva.Value != end)
                {
                    AssertHole(guest, page.Gva.Value - 1);
                }

                bool knowsNext = i + 1 < pages.Count || complete;
                bool hasNext = i + 1 < pages.Count && pages[i + 1].Gva.Value == page.Gva.Value + page.Bytes;
                if (knowsNext && !hasNext && guest.Mode != GuestMode.Unpaged && InSpace(guest.Mode, page.Gva.Value + page.Bytes))
                {
                    AssertHole(guest, page.Gva.Value + page.Bytes);
                }
            }

            end = page.Gva.Value + page.Bytes;
        }

        for (int i = 0; i < 64 && complete && guest.Mode != GuestMode.Unpaged; i++)
        {
            Gva gva = guest.RandomAddress();
            ulong address = guest.Mode is GuestMode.Long4 or GuestMode.Long5 ? gva.Value : gva.Value & 0xFFFF_FFFF;
            bool listed = pages.Any(page => address - page.Gva.Value < page.Bytes);
            Assert.Equal(listed, guest.Walker.Peek(gva, Access.SupervisorRead, out _));
        }
    });

    [Fact]
    public void AScanOfARangeListsThePagesOfTheWholeThatMeetIt() => HostileTables.Hold(100, guest =>
    {
        if (!guest.TryEnterPermissive() || guest.Second != SecondMode.None)
        {
            return;
        }

        PageScan scan = guest.Walker.ScanPages(new Gva(0), new Gva(ulong.MaxValue), 40);
        List<MappedPage> pages = Collect(scan, MostPages);
        if (scan.IsTruncated || pages.Count == 0)
        {
            return;
        }

        for (int i = 0; i < 6; i++)
        {
            MappedPage one = pages[guest.Random(pages.Count)];
            MappedPage other = pages[guest.Random(pages.Count)];
            ulong first = System.Math.Min(one.Gva.Value, other.Gva.Value) + (guest.RandomBits() % 3) - 1;
            ulong last = System.Math.Max(one.Gva.Value, other.Gva.Value) + (guest.RandomBits() % 4097);
            if (first == ulong.MaxValue || last < first)
            {
                continue;
            }

            List<MappedPage> expected = [.. pages.Where(page => page.Gva.Value <= last && page.Gva.Value + (page.Bytes - 1) >= first)];
            Assert.Equal(expected, Collect(guest.Walker.ScanPages(new Gva(first), new Gva(last), 1000), MostPages));
        }
    });

    [Fact]
    public void RegionsAreTheRunsOfPagesWithEqualRights() => HostileTables.Hold(100, guest =>
    {
        if (!guest.TryEnterPermissive() || guest.Second != SecondMode.None)
        {
            return;
        }

        foreach (Rights relevant in (Rights[])[Rights.None, Rights.Write, (Rights)15])
        {
            List<MappedRegion> expected = [];
            PageScan scan = guest.Walker.ScanPages(new Gva(0), new Gva(ulong.MaxValue), 40);
            foreach (MappedPage page in scan)
            {
                Rights rights = page.Rights & relevant;
                if (expected.Count > 0 && expected[^1] is { } run && run.Rights == rights && run.Start.Value + run.Bytes == page.Gva.Value)
                {
                    expected[^1] = run with { Bytes = run.Bytes + page.Bytes, PageCount = run.PageCount + 1 };
                }
                else
                {
                    expected.Add(new MappedRegion(page.Gva, page.Bytes, rights, 1));
                }
            }

            List<MappedRegion> regions = [];
            foreach (MappedRegion region in guest.Walker.ScanRegions(new Gva(0), new Gva(ulong.MaxValue), relevant, 40))
            {
                regions.Add(region);
            }

            Assert.Equal(expected, regions);
        }
    });

    private static List<MappedPage> Collect(PageScan scan, int most)
    {
        List<MappedPage> pages = [];
        while (pages.Count < most && scan.MoveNext())
        {
            pages.Add(scan.Current);
        }

        return pages;
    }

    private static void AssertSame(HostileGuest guest, MappedPage page)
    {
        ulong inside = page.Bytes - 1;
        foreach (ulong offset in (ulong[])[0, inside])
        {
            Assert.True(guest.Walker.Peek(new Gva(page.Gva.Value + offset), Access.SupervisorRead, out WalkResult result), $"{page}: {result}");
            Assert.Equal(
                (page.Gpa.Value + offset, page.PageShift, page.Rights, page.Level, page.Entry),
                (result.Gpa.Value, result.PageShift, result.Rights, result.Level, result.Entry));
        }
    }

    private static void AssertHole(HostileGuest guest, ulong address) =>
        Assert.False(guest.Walker.Peek(new Gva(address), Access.SupervisorRead, out WalkResult result), $"0x{address:x} is in no page of the scan: {result}");

    private static bool InSpace(GuestMode mode, ulong address) => address != 0 && (mode is GuestMode.Long4 or GuestMode.Long5 || address <= uint.MaxValue);
}
