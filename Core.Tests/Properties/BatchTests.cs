// A batch is its items, one after the other: over ordinary tables, where most items need nothing and some need marks, faults or another
// slot.
using System;
using System.Linq;
using CsCheck;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Tests.Conformance;
using Mmu.Tests.Walk;
using Mmu.Walk;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Properties;

public sealed class BatchTests
{
    private const ulong Pke = 1UL << 22;
    private const ulong Pks = 1UL << 24;
    private const ulong OtherSlot = 0x4000_0000;
    private const ulong NoSlot = 0x7000_0000;

    private static ReadOnlySpan<ulong> RareBits => [0x27, 0x47, 0x65, 0x05, 0x63, 0x06, 0x167, 1UL << 63 | 0x67, 1UL << 59 | 0x67, 1UL << 60 | 0x63, 1UL << 45 | 0x67];

    private static ReadOnlySpan<ulong> Alignments => [0, 0, 0, 0x2000, 0x80];

    [Theory]
    [InlineData(GuestMode.Legacy32)]
    [InlineData(GuestMode.Pae)]
    [InlineData(GuestMode.Long4)]
    [InlineData(GuestMode.Long5)]
    public void ABatchOverOrdinaryTablesIsItsItemsInOrder(GuestMode mode) => Gen.ULong.Sample(
        seed =>
        {
            SeededRandom random = new(seed);
            using Machine machine = new(mode);
            _ = machine.Guest.AddSlot(OtherSlot, 16);
            ulong[] pages = Populate(machine, random);
            bool keys = mode is GuestMode.Long4 or GuestMode.Long5 && random.Next(2) == 0;
            machine.State = machine.State with { Cr4 = machine.State.Cr4 | (keys ? Pke | Pks : 0), Pkru = 0b1100, Pkrs = 0b110000 };
            machine.Enter();
            byte[] before = Tables(machine).ToArray();
            for (int round = 0; round < 8; round++)
            {
                Access access = new((AccessKind)random.Next(3), (AccessFlags)(random.NextBits() & 0x14));
                Gva[] gvas = [.. Enumerable.Range(0, random.Next(140)).Select(_ => Pick(pages, random))];
                Compare(machine, before, gvas, access);
            }
        },
        iter: 60,
        threads: 1);

    private static void Compare(Machine machine, byte[] before, Gva[] gvas, Access access)
    {
        before.CopyTo(Tables(machine));
        WalkResult[] many = new WalkResult[gvas.Length];
        int translated = machine.Walker.TranslateMany(gvas, access, many);
        byte[] after = Tables(machine).ToArray();
        before.CopyTo(Tables(machine));
        int alone = 0;
        for (int i = 0; i < gvas.Length; i++)
        {
            alone += machine.Walker.Translate(gvas[i], access, out WalkResult one) ? 1 : 0;
            Assert.True(one == many[i], $"{gvas[i]} {access}, item {i} of {gvas.Length}: {many[i]} but alone {one}");
            Assert.Equal((one.Gpa, one.HostAddress, one.PageShift, one.MemoryType), (many[i].Gpa, many[i].HostAddress, many[i].PageShift, many[i].MemoryType));
        }

        Assert.Equal(alone, translated);
        Assert.True(Tables(machine).SequenceEqual(after), "a batch left other marks than its items do");
    }

    private static Span<byte> Tables(Machine machine) => machine.Guest.At(Machine.GuestTables, 0x8_0000);

    // Small and large pages, most of them used before; entries above them now and then not yet accessed.
    private static ulong[] Populate(Machine machine, SeededRandom random)
    {
        PageTables tables = machine.Tables!;
        ulong[] pages = new ulong[80];
        int rarity = 1 + random.Next(30);
        for (int i = 0; i < pages.Length; i++)
        {
            bool large = i % 10 == 9;
            pages[i] = large ? 0x800_0000 + ((ulong)i * 0x40_0000) : 0x40_0000 + ((ulong)random.Next(1500) * 4096);
            ulong frame = large ? (ulong)random.Next(2) * 0x40_0000 : Frame(random);
            ulong bits = random.Next(rarity) == 0 ? RareBits[random.Next(RareBits.Length)] : 0x67;
            bool wide = tables.Shape.EntryBytes == 8;
            bits = wide ? bits : bits & 0xFFF;
            ulong misaligned = large && random.Next(rarity) == 0 ? Alignments[random.Next(Alignments.Length)] : 0;
            tables.Map(pages[i], frame | misaligned, bits, large ? 2 : 1);
            for (int level = large ? 3 : 2; level <= tables.Shape.Levels; level++)
            {
                bool isPdpte = machine.Mode == GuestMode.Pae && level == 3;
                tables[pages[i], level] |= isPdpte || random.Next(rarity) == 0 ? 0 : 0x20UL;
            }
        }

        return pages;
    }

    private static ulong Frame(SeededRandom random) => random.Next(12) switch
    {
        0 => NoSlot,
        1 or 2 => OtherSlot + ((ulong)random.Next(16) * 4096),
        _ => Machine.Data + ((ulong)random.Next(64) * 4096),
    };

    private static Gva Pick(ulong[] pages, SeededRandom random) => new(random.Next(40) switch
    {
        0 => random.NextBits(),
        1 => 0x3_0000_0000_0000,
        2 => 0x7FFF_FFFF_F000,
        _ => pages[random.Next(pages.Length)] | (random.NextBits() & 0xFFF),
    });
}
