// Guest data by guest physical address.
using System;
using System.Linq;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;
using Mmu.Addressing;
using Mmu.Guest;
using Xunit;

namespace Mmu.Tests.Guest;

public sealed class GuestMemoryDataTests
{
    private const ulong First = 0x1_0000;

    [Fact]
    public void ReadsAndWritesCrossSlots()
    {
        using TestGuest guest = TwoSlots();
        byte[] bytes = [.. Enumerable.Range(1, 5000).Select(i => (byte)i)];
        Assert.True(guest.Memory.TryWrite(new Gpa(First + 4000), bytes));
        byte[] read = new byte[5000];
        Assert.True(guest.Memory.TryRead(new Gpa(First + 4000), read));
        Assert.Equal(bytes, read);
        Assert.Equal(bytes[..96], guest.At(First + 4000, 96).ToArray());
        Assert.Equal(bytes[96..4192], guest.At(First + 4096, 4096).ToArray());
        Assert.True(guest.Memory.TryWrite(new Gpa(ulong.MaxValue), []));
        Assert.True(guest.Memory.TryRead(new Gpa(ulong.MaxValue), []));
    }

    [Theory]
    [InlineData(First - 1, 2)]
    [InlineData(First + 0x3FFF, 2)]
    [InlineData(First - 8, 0x5000)]
    [InlineData(ulong.MaxValue, 2)]
    [InlineData(ulong.MaxValue - 4095, 8192)]
    [InlineData((1UL << 52) - 1, 2)]
    [InlineData(0, 1)]
    public void AnAccessThatLeavesTheSlotsMovesNothing(ulong gpa, int bytes)
    {
        using TestGuest guest = TwoSlots();
        byte[] before = guest.Image();
        byte[] buffer = [.. Enumerable.Repeat((byte)0xA5, bytes)];
        Assert.False(guest.Memory.TryWrite(new Gpa(gpa), buffer));
        Assert.Equal(before, guest.Image());
        Assert.False(guest.Memory.TryRead(new Gpa(gpa), buffer));
        Assert.All(buffer, b => Assert.Equal(0xA5, b));
        Assert.False(guest.Memory.TryCompareExchange(new Gpa(gpa == 0 ? 0 : gpa), (ushort)0, (ushort)1, out bool exchanged));
        Assert.False(exchanged);
    }

    [Fact]
    public void ASpanOfAlmostTwoGigabytesIsRefusedBySlotNotByByte()
    {
        using TestGuest guest = TwoSlots();
        byte[] huge = GC.AllocateUninitializedArray<byte>(0x2000_0000);
        Assert.False(guest.Memory.TryRead(new Gpa(First), huge));
        Assert.False(guest.Memory.TryWrite(new Gpa(First), huge));
    }

    [Fact]
    public void ReadOnlySlotsRefuseWritesAndExchangesButNotReads()
    {
        using TestGuest guest = new();
        _ = guest.AddSlot(0x1000, 1);
        _ = guest.AddSlot(0x2000, 1, SlotFlags.ReadOnly);
        guest.Seal();
        byte[] before = guest.Image();
        Assert.False(guest.Memory.TryWrite(new Gpa(0x1FFF), [1, 2]));
        Assert.False(guest.Memory.TryCompareExchange(new Gpa(0x1FFF), (ushort)0, (ushort)0x101, out _));
        Assert.False(guest.Memory.TryCompareExchange(new Gpa(0x2000), 0U, 1U, out _));
        Assert.Equal(before, guest.Image());
        Assert.True(guest.Memory.TryRead(new Gpa(0x1FFF), new byte[2]));
    }

    [Fact]
    public void ExchangesOfEverySizeWorkAtEveryAlignment()
    {
        ExchangesWork<byte>();
        ExchangesWork<ushort>();
        ExchangesWork<uint>();
        ExchangesWork<ulong>();
    }

    [Fact]
    public void ASizeThatNoInstructionExchangesIsRefusedWithTheSize()
    {
        using TestGuest guest = TwoSlots();
        NotSupportedException error =
            Assert.Throws<NotSupportedException>(() => guest.Memory.TryCompareExchange(new Gpa(First), UInt128.Zero, UInt128.One, out _));
        Assert.Contains("16 bytes", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(First + 0x100)]
    [InlineData(First + 0x103)]
    [InlineData(First + 0x2FFD)]
    public void ExchangesByManyThreadsLoseNothingWherePagesAreAdjacent(ulong gpa)
    {
        using TestGuest guest = TwoSlots();
        GuestMemory memory = guest.Memory;
        _ = Parallel.For(0, 4, _ =>
        {
            byte[] held = new byte[8];
            for (int done = 0; done < 2000;)
            {
                Assert.True(memory.TryRead(new Gpa(gpa), held));
                ulong value = BitConverter.ToUInt64(held);
                Assert.True(memory.TryCompareExchange(new Gpa(gpa), value, value + 0x0101_0101_0101_0101, out bool exchanged));
                done += exchanged ? 1 : 0;
            }
        });
        Assert.Equal(unchecked(8000 * 0x0101_0101_0101_0101UL), guest.Read(gpa, 8));
    }

    // One page, then three pages elsewhere in this process.
    private static TestGuest TwoSlots()
    {
        TestGuest guest = new();
        _ = guest.AddSlot(First, 1);
        _ = guest.AddSlot(First + 0x1000, 3);
        return guest;
    }

    private static void ExchangesWork<T>()
        where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
    {
        using TestGuest guest = TwoSlots();
        int bytes = Unsafe.SizeOf<T>();
        for (ulong gpa = First + 4080; gpa <= First + 4112; gpa++)
        {
            byte[] original = [.. Enumerable.Range(0x41, 64).Select(i => (byte)i)];
            Assert.True(guest.Memory.TryWrite(new Gpa(First + 4064), original));
            int at = (int)(gpa - First - 4064);
            T held = T.ReadLittleEndian(original.AsSpan(at, bytes), isUnsigned: true);
            T other = ~held;
            Assert.True(guest.Memory.TryCompareExchange(new Gpa(gpa), held ^ T.One, other, out bool exchanged));
            Assert.False(exchanged);
            Assert.Equal(original, Around(guest));

            // A difference in the highest byte alone.
            Assert.True(guest.Memory.TryCompareExchange(new Gpa(gpa), held ^ (T.One << ((8 * bytes) - 1)), other, out exchanged));
            Assert.False(exchanged);
            Assert.Equal(original, Around(guest));
            Assert.True(guest.Memory.TryCompareExchange(new Gpa(gpa), held, other, out exchanged));
            Assert.True(exchanged);
            _ = other.WriteLittleEndian(original.AsSpan(at, bytes));
            Assert.Equal(original, Around(guest));
        }
    }

    private static byte[] Around(TestGuest guest)
    {
        byte[] bytes = new byte[64];
        Assert.True(guest.Memory.TryRead(new Gpa(First + 4064), bytes));
        return bytes;
    }
}
