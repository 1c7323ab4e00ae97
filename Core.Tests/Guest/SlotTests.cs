// Slots: what is refused, each error naming its value, and look-up among many.
using System;
using Mmu.Addressing;
using Mmu.Guest;
using Xunit;

namespace Mmu.Tests.Guest;

public sealed class SlotTests
{
    private static nuint Host => unchecked((nuint)0x7000_0000_0000UL);

    [Theory]
    [InlineData(0x1800, 0x1000, 0x7000_0000_0000, "0x1800")]
    [InlineData(0x1000, 0x1800, 0x7000_0000_0000, "0x1800")]
    [InlineData(0x1000, 0, 0x7000_0000_0000, "0x0")]
    [InlineData(0x1000, 0x1000, 0x7000_0000_0010, "0x700000000010")]
    [InlineData(0x1000, 0x1000, 0, "0x0")]
    [InlineData(0x1000, 0x1000, 0xFFFF_FFFF_FFFF_F000, "0xfffffffffffff000")]
    [InlineData(0x10_0000_0000_0000, 0x1000, 0x7000_0000_0000, "0x10000000000000")]
    [InlineData(0xF_FFFF_FFFF_F000, 0x2000, 0x7000_0000_0000, "0xffffffffff000")]
    [InlineData(0xFFFF_FFFF_FFFF_F000, 0x2000, 0x7000_0000_0000, "0xfffffffffffff000")]
    [InlineData(0, 0x800_0000_0000, 0x7000_0000_0000, "0x80000000000")]
    [InlineData(0x1000, 0xFFFF_FFFF_FFFF_F000, 0x7000_0000_0000, "0xfffffffffffff000")]
    public void AnIllegalSlotIsRefusedWithItsValue(ulong gpa, ulong size, ulong host, string value)
    {
        GuestMemory memory = new();
        ArgumentException error = Assert.Throws<ArgumentException>(() => memory.AddSlot(new MemorySlot(new Gpa(gpa), size, (nuint)host)));
        Assert.Contains(value, error.Message, StringComparison.Ordinal);
        Assert.True(memory.Slots.IsEmpty);
    }

    [Fact]
    public void UndefinedFlagsAreRefusedWithTheirValue()
    {
        GuestMemory memory = new();
        ArgumentException error = Assert.Throws<ArgumentException>(() => memory.AddSlot(new MemorySlot(new Gpa(0), 4096, Host, (SlotFlags)0x41)));
        Assert.Contains("0x41", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ALegalSlotMayEndAtTheLimitAndBeAsLargeAsTheLimit()
    {
        GuestMemory memory = new();
        memory.AddSlot(new MemorySlot(new Gpa((1UL << 52) - 4096), 4096, Host));
        memory.AddSlot(new MemorySlot(new Gpa(0), int.MaxValue * 4096UL, Host));
        Assert.Equal(2, memory.Slots.Length);
    }

    [Theory]
    [InlineData(0x3000, 0x1000)]
    [InlineData(0x2000, 0x2000)]
    [InlineData(0x4000, 0x2000)]
    [InlineData(0x2000, 0x5000)]
    [InlineData(0x3000, 0x2000)]
    public void AnOverlappingSlotIsRefusedWithBothRanges(ulong gpa, ulong size)
    {
        GuestMemory memory = new();
        memory.AddSlot(new MemorySlot(new Gpa(0x3000), 0x2000, Host));
        memory.AddSlot(new MemorySlot(new Gpa(0x8000), 0x1000, Host));
        ArgumentException error = Assert.Throws<ArgumentException>(() => memory.AddSlot(new MemorySlot(new Gpa(gpa), size, Host)));
        Assert.Contains(new Gpa(gpa).ToString(), error.Message, StringComparison.Ordinal);
        Assert.Contains(new Gpa(0x3000).ToString(), error.Message, StringComparison.Ordinal);
        Assert.Contains(new Gpa(0x4FFF).ToString(), error.Message, StringComparison.Ordinal);
        Assert.Equal(2, memory.Slots.Length);
    }

    [Fact]
    public void AdjacentSlotsAreNoOverlap()
    {
        GuestMemory memory = new();
        memory.AddSlot(new MemorySlot(new Gpa(0x3000), 0x1000, Host));
        memory.AddSlot(new MemorySlot(new Gpa(0x2000), 0x1000, Host));
        memory.AddSlot(new MemorySlot(new Gpa(0x4000), 0x1000, Host));
        Assert.Equal((0x2000UL, 0x3000UL, 0x4000UL), (memory.Slots[0].Base.Value, memory.Slots[1].Base.Value, memory.Slots[2].Base.Value));
    }

    [Fact]
    public void OneSlotTooManyIsRefusedWithTheLimit()
    {
        MemorySlot[] slots = new MemorySlot[GuestMemory.MaxSlots];
        for (int i = 0; i < slots.Length; i++)
        {
            slots[i] = new MemorySlot(new Gpa((ulong)i * 0x2000), 0x1000, Host);
        }

        GuestMemory memory = new(new SlotTable(slots[1..]));
        memory.AddSlot(slots[0]);
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => memory.AddSlot(new MemorySlot(new Gpa(0x1000), 0x1000, Host)));
        Assert.Contains("32764", error.Message, StringComparison.Ordinal);
        Assert.Equal(GuestMemory.MaxSlots, memory.Slots.Length);
    }

    [Theory]
    [InlineData(0x2000)]
    [InlineData(0x4000)]
    [InlineData(0x9000)]
    public void RemovingWhatIsNoSlotIsRefusedWithTheAddress(ulong gpa)
    {
        GuestMemory memory = new();
        memory.AddSlot(new MemorySlot(new Gpa(0x3000), 0x2000, Host));
        ArgumentException error = Assert.Throws<ArgumentException>(() => memory.RemoveSlot(new Gpa(gpa)));
        Assert.Contains(new Gpa(gpa).ToString(), error.Message, StringComparison.Ordinal);
        Assert.Equal(1, memory.Slots.Length);
    }

    [Fact]
    public void EachOfHundredsOfSlotsIsFoundAtItsEdgesAndNothingBetween()
    {
        GuestMemory memory = new();
        const ulong Stride = 0x5000;

        // In an order that is neither ascending nor descending.
        for (ulong i = 0; i < 601; i++)
        {
            ulong at = i * 7 % 601;
            memory.AddSlot(new MemorySlot(new Gpa(at * Stride), 0x3000, Host + (nuint)(at * 0x10_0000)));
        }

        for (ulong i = 0; i < 601; i += 3)
        {
            memory.RemoveSlot(new Gpa(i * Stride));
        }

        for (ulong i = 0; i < 601; i++)
        {
            bool present = i % 3 != 0;
            nuint host = present ? Host + (nuint)(i * 0x10_0000) : 0;
            Assert.Equal(present, memory.TryGetHostAddress(new Gpa(i * Stride), out nuint first));
            Assert.Equal(host, first);
            Assert.Equal(present, memory.TryGetHostAddress(new Gpa((i * Stride) + 0x2FFF), out nuint last));
            Assert.Equal(present ? host + 0x2FFF : 0, last);
            Assert.False(memory.TryGetHostAddress(new Gpa((i * Stride) + 0x3000), out nuint none));
            Assert.Equal((nuint)0, none);
            Assert.False(memory.TryGetHostAddress(new Gpa((i * Stride) + 0x4FFF), out _));
        }

        Assert.False(memory.TryGetHostAddress(new Gpa(ulong.MaxValue), out _));
    }
}
