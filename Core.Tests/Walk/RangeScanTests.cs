// Scans of a part of an address space: its ends lie anywhere, also in the middle of a page that a second dimension maps in pieces.
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Walk;

public sealed class RangeScanTests
{
    private const ulong Address = 0x4000_0000;

    [Theory]
    [InlineData(GuestMode.Legacy32)]
    [InlineData(GuestMode.Pae)]
    public void ARangeAboveTheAddressSpaceIsEmpty(GuestMode mode)
    {
        using Machine machine = new(mode);
        machine.Map(0xFFFF_F000, Machine.Data);
        machine.Enter();
        Assert.Equal([0xFFFF_F000UL], Starts(machine, 0xFFFF_FFFF, ulong.MaxValue));
        Assert.Empty(Starts(machine, 0x1_0000_0000, ulong.MaxValue));
    }

    [Theory]
    [InlineData(SecondMode.Ept4)]
    [InlineData(SecondMode.Npt4)]
    public void OnlyThePiecesOfALargePageThatMeetTheRangeAreListed(SecondMode second)
    {
        using Machine machine = new(GuestMode.Long4, second);
        machine.Map(Address, Machine.Data, level: 2);
        machine.Enter();
        PageScan scan = machine.Walker.ScanPages(new Gva(Address + 0x3800), new Gva(Address + 0x5000));
        List<(ulong, ulong, ulong)> found = [];
        foreach (MappedPage page in scan)
        {
            found.Add((page.Gva.Value, page.Gpa.Value, page.Bytes));
        }

        Assert.Equal(
            [(Address + 0x3000, Machine.Data + 0x3000, 0x1000), (Address + 0x4000, Machine.Data + 0x4000, 0x1000), (Address + 0x5000, Machine.Data + 0x5000, 0x1000)],
            found);
    }

    private static ulong[] Starts(Machine machine, ulong first, ulong last)
    {
        List<ulong> starts = [];
        foreach (MappedPage page in machine.Walker.ScanPages(new Gva(first), new Gva(last)))
        {
            starts.Add(page.Gva.Value);
        }

        return [.. starts];
    }
}
