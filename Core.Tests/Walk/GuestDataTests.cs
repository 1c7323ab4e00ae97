// Guest data by linear address: page borders, the ends of the address space, slots that refuse, and what a refused access leaves behind.
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Walk;

public sealed class GuestDataTests
{
    private const ulong Border = 0x5000;
    private const ulong FirstPage = Machine.Data;
    private const ulong SecondPage = Machine.Data + 0x7000;
    private const ulong ReadOnlySlot = 0x1000_0000;

    public static IEnumerable<TheoryDataRow<GuestMode, SecondMode>> Modes => Machine.AllRows;

    [Theory]
    [MemberData(nameof(Modes))]
    public void ReadsWritesAndExchangesCrossAPageBorder(GuestMode mode, SecondMode second)
    {
        using Machine machine = TwoPages(mode, second);
        GuestWalker walker = machine.Walker;
        byte[] bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        Assert.True(walker.TryWrite(new Gva(Border - 3), bytes, out WalkResult result));
        Assert.True(result.IsTranslated);
        Assert.Equal(bytes[..3], machine.Guest.At(AtBorder(mode, -3), 3).ToArray());
        Assert.Equal(bytes[3..], machine.Guest.At(AtBorder(mode, 0), 5).ToArray());
        byte[] read = new byte[8];
        Assert.True(walker.TryRead(new Gva(Border - 3), read, out _));
        Assert.Equal(bytes, read);

        Assert.True(walker.TryCompareExchange(new Gva(Border - 3), 0x0807_0605_0403_0200UL, ulong.MaxValue, out bool exchanged, out _));
        Assert.False(exchanged);
        Assert.True(walker.TryRead(new Gva(Border - 3), read, out _));
        Assert.Equal(bytes, read);
        Assert.True(walker.TryCompareExchange(new Gva(Border - 3), 0x0807_0605_0403_0201UL, 0x1122_3344_5566_7788UL, out exchanged, out _));
        Assert.True(exchanged);
        Assert.Equal([0x88, 0x77, 0x66], machine.Guest.At(AtBorder(mode, -3), 3).ToArray());
        Assert.Equal([0x55, 0x44, 0x33, 0x22, 0x11], machine.Guest.At(AtBorder(mode, 0), 5).ToArray());
    }

    [Theory]
    [InlineData(GuestMode.Legacy32)]
    [InlineData(GuestMode.Pae)]
    [InlineData(GuestMode.Long4)]
    [InlineData(GuestMode.Long5)]
    public void NothingMovesIfTheSecondPageRefuses(GuestMode mode)
    {
        using Machine machine = TwoPages(mode, SecondMode.None);
        machine.Map(Border, SecondPage, bits: 5);
        byte[] before = DataPages(machine);
        byte[] buffer = [0xA5, 0xA5, 0xA5, 0xA5];
        Assert.False(machine.Walker.TryWrite(new Gva(Border - 2), buffer, out WalkResult result));
        Assert.Equal(new Gva(Border), result.LinearAddress);
        Assert.Equal(PageFaultCode.Present | PageFaultCode.Write, result.ErrorCode);
        Assert.False(machine.Walker.TryCompareExchange(new Gva(Border - 2), 0U, 1U, out bool exchanged, out result));
        Assert.False(exchanged);
        Assert.Equal(new Gva(Border), result.LinearAddress);
        Assert.Equal(before, DataPages(machine));

        machine.Tables![Border, 1] = 0;
        Assert.False(machine.Walker.TryRead(new Gva(Border - 2), buffer, out result));
        Assert.Equal(new Gva(Border), result.LinearAddress);
        Assert.All(buffer, b => Assert.Equal(0xA5, b));
    }

    [Fact]
    public void ACompareThatFailsIsAWriteAllTheSame()
    {
        using Machine machine = TwoPages(GuestMode.Long4, SecondMode.None);
        Assert.True(machine.Walker.TryCompareExchange(new Gva(Border - 1), (ushort)1, (ushort)2, out bool exchanged, out _));
        Assert.False(exchanged);
        Assert.Equal(0x60UL, machine.Tables![Border - 1, 1] & 0x60);
        Assert.Equal(0x60UL, machine.Tables[Border, 1] & 0x60);
    }

    [Theory]
    [InlineData(GuestMode.Long4, 0x7FFF_FFFF_FFFEUL)]
    [InlineData(GuestMode.Long4, 0xFFFF_FFFF_FFFF_FFFEUL)]
    [InlineData(GuestMode.Long4, 0xFFFF_7FFF_FFFF_FFFEUL)]
    [InlineData(GuestMode.Long5, 0xFF_FFFF_FFFF_FFFEUL)]
    [InlineData(GuestMode.Long5, 0xFFFF_FFFF_FFFF_FFFEUL)]
    [InlineData(GuestMode.Pae, 0xFFFF_FFFEUL)]
    [InlineData(GuestMode.Legacy32, 0xFFFF_FFFEUL)]
    [InlineData(GuestMode.Unpaged, 0xFFFF_FFFEUL)]
    public void AnAccessOverTheEndOfTheAddressSpaceOrIntoTheHoleIsAFaultNotAnException(GuestMode mode, ulong gva)
    {
        using Machine machine = new(mode);
        machine.Map(gva & ~0xFFFUL, FirstPage);
        machine.Map(0, SecondPage);
        machine.Enter();
        byte[] before = DataPages(machine);
        byte[] buffer = [0xA5, 0xA5, 0xA5, 0xA5];
        Assert.False(machine.Walker.TryWrite(new Gva(gva), buffer, out WalkResult result));
        Assert.Equal(WalkOutcome.NonCanonical, result.Outcome);
        Assert.False(machine.Walker.TryRead(new Gva(gva), buffer, out result));
        Assert.Equal(WalkOutcome.NonCanonical, result.Outcome);
        Assert.All(buffer, b => Assert.Equal(0xA5, b));
        Assert.False(machine.Walker.TryCompareExchange(new Gva(gva), 0U, 1U, out bool exchanged, out result));
        Assert.Equal(WalkOutcome.NonCanonical, result.Outcome);
        Assert.False(exchanged);
        Assert.Equal(before, DataPages(machine));
    }

    [Theory]
    [InlineData(GuestMode.Long4, 0x7FFF_FFFF_FFFCUL)]
    [InlineData(GuestMode.Long4, 0xFFFF_FFFF_FFFF_FFFCUL)]
    [InlineData(GuestMode.Long5, 0xFFFF_FFFF_FFFF_FFFCUL)]
    [InlineData(GuestMode.Pae, 0xFFFF_FFFCUL)]
    [InlineData(GuestMode.Legacy32, 0xFFFF_FFFCUL)]
    public void TheLastBytesOfTheAddressSpaceAreWithinReach(GuestMode mode, ulong gva)
    {
        using Machine machine = new(mode);
        machine.Map(gva & ~0xFFFUL, FirstPage);
        machine.Enter();
        Assert.True(machine.Walker.TryWrite(new Gva(gva), [1, 2, 3, 4], out _));
        Assert.True(machine.Walker.TryCompareExchange(new Gva(gva), 0x0403_0201U, 5U, out bool exchanged, out _));
        Assert.True(exchanged);
        Assert.Equal(5U, (uint)machine.Guest.Read(FirstPage + 0xFFC, 4));
    }

    [Fact]
    public void ATaggedPointerCrossesPagesWithItsTag()
    {
        using Machine machine = new(GuestMode.Long4);
        machine.Map(Border - 0x1000, FirstPage);
        machine.Map(Border, SecondPage);
        machine.Map(0x7FFF_FFFF_F000, FirstPage);
        machine.State = machine.State with { Cr3 = machine.State.Cr3 | (1UL << 62) };
        machine.Enter();
        Assert.True(machine.Walker.TryWrite(new Gva(0x5A5A_0000_0000_0000 | (Border - 1)), [1, 2], out _));
        Assert.Equal(1, machine.Guest.At(FirstPage + 0xFFF, 1)[0]);
        Assert.Equal(2, machine.Guest.At(SecondPage, 1)[0]);
        Assert.False(machine.Walker.TryWrite(new Gva(0x5A5A_7FFF_FFFF_FFFF), [1, 2], out WalkResult result));
        Assert.Equal(WalkOutcome.NonCanonical, result.Outcome);
    }

    [Fact]
    public void PagesOutsideEverySlotRefuseWithATranslationAndNoPointer()
    {
        using Machine machine = TwoPages(GuestMode.Long4, SecondMode.None);
        machine.Map(Border, 0x7000_0000);
        byte[] before = DataPages(machine);
        Assert.False(machine.Walker.TryWrite(new Gva(Border - 1), [1, 2], out WalkResult result));
        Assert.True(result.IsTranslated);
        Assert.Equal(new Gpa(0x7000_0000), result.Gpa);
        Assert.Equal((nuint)0, result.HostAddress);
        Assert.False(machine.Walker.TryRead(new Gva(Border - 1), new byte[2], out result));
        Assert.Equal(new Gpa(0x7000_0000), result.Gpa);
        Assert.False(machine.Walker.TryCompareExchange(new Gva(Border - 1), (ushort)0, (ushort)1, out _, out _));
        Assert.Equal(before, DataPages(machine));
    }

    [Fact]
    public void PagesInReadOnlySlotsRefuseWritesLikePagesOutsideEverySlot()
    {
        using Machine machine = TwoPages(GuestMode.Long4, SecondMode.None);
        _ = machine.Guest.AddSlot(ReadOnlySlot, 1, SlotFlags.ReadOnly);
        machine.Map(Border, ReadOnlySlot);
        machine.Guest.Seal();
        byte[] before = DataPages(machine);
        Assert.False(machine.Walker.TryWrite(new Gva(Border - 1), [1, 2], out WalkResult result));
        Assert.True(result.IsTranslated);
        Assert.Equal((nuint)0, result.HostAddress);
        Assert.False(machine.Walker.TryCompareExchange(new Gva(Border - 1), (ushort)0, (ushort)1, out _, out result));
        Assert.False(machine.Walker.TryCompareExchange(new Gva(Border), 0U, 1U, out _, out result));
        Assert.Equal(before, DataPages(machine));
        Assert.True(machine.Walker.TryRead(new Gva(Border - 1), new byte[2], out result));
    }

    [Fact]
    public void TablesDataAndBothHalvesOfAPageMayLieInDifferentSlots()
    {
        using Machine machine = TwoPages(GuestMode.Long4, SecondMode.None);
        _ = machine.Guest.AddSlot(0x4000_0000, 1);
        for (ulong page = 1; page < 512; page++)
        {
            _ = machine.Guest.AddSlot(0x4000_0000 + (page * 4096), 1);
        }

        machine.Map(0x4000_0000, 0x4000_0000, level: 2);
        byte[] bytes = [.. Enumerable.Range(0, 512 * 4096).Select(i => (byte)(i * 31 >> 7))];
        Assert.True(machine.Walker.TryWrite(new Gva(0x4000_0000), bytes, out WalkResult result));
        Assert.Equal(0x20_0000UL, result.PageBytes);
        byte[] read = new byte[bytes.Length];
        Assert.True(machine.Walker.TryRead(new Gva(0x4000_0000), read, out _));
        Assert.Equal(bytes, read);
        Assert.Equal(bytes[4096], machine.Guest.At(0x4000_1000, 1)[0]);
        Assert.False(machine.Walker.TryRead(new Gva(0x4000_0001), read, out result));
        Assert.Equal(new Gva(0x4020_0000), result.LinearAddress);
    }

    [Fact]
    public void NoBytesAreAlwaysRead()
    {
        using Machine machine = new(GuestMode.Long4);
        machine.Enter();
        Assert.True(machine.Walker.TryRead(new Gva(0x8000_0000_0000_0000), [], out WalkResult result));
        Assert.True(machine.Walker.TryWrite(new Gva(ulong.MaxValue), [], out result));
        Assert.Equal(WalkOutcome.None, result.Outcome);
    }

    [Fact]
    public void AccessFlagsDecideAsInATranslation()
    {
        using Machine machine = TwoPages(GuestMode.Long4, SecondMode.None);
        machine.Map(Border, SecondPage, bits: 3);
        Assert.False(machine.Walker.TryRead(new Gva(Border), new byte[1], out WalkResult result, AccessFlags.User));
        Assert.Equal(FaultCause.NotUser, result.Cause);
        Assert.True(machine.Walker.TryRead(new Gva(Border), new byte[1], out _));
    }

    [Theory]
    [InlineData(GuestMode.Long4, SecondMode.Ept4Marking)]
    [InlineData(GuestMode.Unpaged, SecondMode.Npt4)]
    public void ASecondDimensionThatRefusesTheSecondPageStopsTheWholeAccess(GuestMode mode, SecondMode second)
    {
        using Machine machine = TwoPages(mode, second);
        ulong page = AtBorder(mode, 0);
        machine.SecondDimension![page, 1] = 0;
        byte[] before = DataPages(machine);
        Assert.False(machine.Walker.TryWrite(new Gva(Border - 1), [1, 2], out WalkResult result));
        Assert.True(result.InSecondDimension);
        Assert.Equal(new Ngpa(page), result.NestedGpa);
        Assert.Equal(before, DataPages(machine));
    }

    // Two pages meet at Border; unless paging is off they lie apart.
    private static Machine TwoPages(GuestMode mode, SecondMode second)
    {
        Machine machine = new(mode, second);
        machine.Map(Border - 0x1000, FirstPage);
        machine.Map(Border, SecondPage);
        machine.Enter();
        return machine;
    }

    private static ulong AtBorder(GuestMode mode, int offset) =>
        mode == GuestMode.Unpaged ? Border + (ulong)offset : offset < 0 ? FirstPage + 0x1000 + (ulong)offset : SecondPage + (ulong)offset;

    private static byte[] DataPages(Machine machine) => [.. machine.Guest.At(0, 0x1_0000), .. machine.Guest.At(Machine.Data, 0x1_0000)];
}
