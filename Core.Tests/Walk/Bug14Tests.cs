// Bug 14 (CVE-2022-1158): accessed and dirty bits written through a guess instead of into the memory that the guest maps.
// The rule: a guest entry is updated by compare-exchange, in the very memory from which it was read.
using System;
using System.Threading;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Tests.Guest;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Walk;

public sealed class Bug14Tests
{
    private const ulong Address = 0x40_3000;
    private const ulong Elsewhere = 0x4000_0000;

    [Theory]
    [InlineData(GuestMode.Legacy32)]
    [InlineData(GuestMode.Pae)]
    [InlineData(GuestMode.Long4)]
    [InlineData(GuestMode.Long5)]
    public void Bug14BitsAreSetInTheMemoryThatTheSlotNamesNow(GuestMode mode)
    {
        using Machine machine = new(mode);
        using GuardedPages replacement = new(1);
        MemorySlot old = machine.Guest.AddSlot(Elsewhere, 1);
        machine.Map(Address, Machine.Data);
        machine.Tables![Address, 2] = Elsewhere | 0x27;
        machine.Tables[Address, 1] = Machine.Data | 7;
        machine.Guest.At(Elsewhere, 4096).CopyTo(replacement.Bytes);
        machine.Enter();
        Assert.True(machine.Walker.Peek(new Gva(Address), Access.UserWrite, out _));

        machine.Guest.Memory.RemoveSlot(old.Base);
        machine.Guest.Memory.AddSlot(new MemorySlot(old.Base, old.Size, replacement.Address));
        Assert.True(machine.Walker.Translate(new Gva(Address), Access.UserWrite, out _));
        Assert.Equal(Machine.Data | 7, machine.Tables[Address, 1]);
        int index = (int)(machine.Tables.AddressOf(Address, 1) - Elsewhere);
        Assert.Equal((uint)Machine.Data | 0x67, BitConverter.ToUInt32(replacement.Bytes[index..]));
    }

    [Theory]
    [InlineData(GuestMode.Legacy32, SecondMode.None)]
    [InlineData(GuestMode.Pae, SecondMode.None)]
    [InlineData(GuestMode.Long4, SecondMode.None)]
    [InlineData(GuestMode.Long5, SecondMode.None)]
    [InlineData(GuestMode.Long4, SecondMode.Ept4)]
    [InlineData(GuestMode.Long4, SecondMode.Ept4Marking)]
    [InlineData(GuestMode.Long4, SecondMode.Npt4)]
    public void Bug14NoWriteOfAnotherProcessorIsLost(GuestMode mode, SecondMode second)
    {
        using Machine machine = new(mode, second);
        machine.Map(Address, Machine.Data);
        machine.Enter();
        Gpa entry = new(machine.Tables!.AddressOf(Address, 1));
        GuestMemory memory = machine.Guest.Memory;

        // Another processor counts in bits 11:9, which paging ignores, and clears the accessed and dirty bits each time.
        bool done = false;
        int counted = 0;
        Thread counting = new(() =>
        {
            uint held = (uint)Machine.Data | 7;
            while (!Volatile.Read(ref done))
            {
                uint next = ((held & ~0x60U) & ~0xE00U) | ((held + 0x200) & 0xE00);
                Assert.True(memory.TryCompareExchange(entry, held, next, out bool exchanged));
                counted += exchanged ? 1 : 0;
                held = exchanged ? next : Load(memory, entry);
            }
        });
        counting.Start();

        int translated = 0;
        for (int i = 0; i < 20_000; i++)
        {
            bool ok = machine.Walker.Translate(new Gva(Address), Access.UserWrite, out WalkResult result);
            Assert.True(ok || result.Outcome == WalkOutcome.Retry);
            translated += ok ? 1 : 0;
        }

        Volatile.Write(ref done, true);
        counting.Join();
        Assert.True(translated > 0);
        Assert.Equal((uint)(counted & 7), (Load(memory, entry) >> 9) & 7);
    }

    private static uint Load(GuestMemory memory, Gpa gpa)
    {
        Span<byte> bytes = stackalloc byte[4];
        Assert.True(memory.TryRead(gpa, bytes));
        return BitConverter.ToUInt32(bytes);
    }
}
