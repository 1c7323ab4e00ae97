// Tests: entries that stand for MMIO.
using System;
using System.Collections.Generic;
using Mmu.Architecture;
using Mmu.Sptes;
using Xunit;

namespace Mmu.Tests.Sptes;

public sealed class MmioTests
{
    private const int Seed = 4711;
    private const uint GenerationMask = (1 << 18) - 1;

    public static TheoryData<string> Formats => SpteProbe.Names;

    [Theory]
    [InlineData("LegacySpte", 0xFEE00UL, 6, 0x2A5A5U, 0x54B8_0000_FEE0_012FUL)]
    [InlineData("PaeSpte", 0xFEE00UL, 2, 1U, 0x0008_0000_FEE0_000BUL)]
    [InlineData("NptSpte", 0x12UL, 4, 0x80U, 0x0018_0000_0001_2005UL)]
    [InlineData("EptSpte", 0xFEE00UL, 15, 0x3FFFFU, 0x7FF0_0000_FEE0_03FEUL)]
    [InlineData("EptNoAdSpte", 0UL, 0, 0U, 0x0000_0000_0000_0006UL)]
    public void EntryIsAsWrittenDown(string name, ulong gfn, int rights, uint generation, ulong expected) =>
        Assert.Equal(expected, SpteProbe.Of(name).MakeMmio(SpteHosts.Plain, gfn, (Rights)rights, generation));

    [Fact]
    public void L1tfSetsTheTopOfTheAddressSpaceAndMovesWhatItDisplaces()
    {
        var host = new SpteHost(36, l1tf: true);

        // Of gfn 0xABCDEF bits 23:19 (address 35:31) are 10101b; they move up to 40:36.
        Assert.Equal(0x0000_015F_BCDE_F006UL, EptSpte.MakeMmio(host, 0xABCDEF, Rights.None, 0));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void EverythingComesBack(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        SpteBits bits = SpteProbe.BitsOf(name);
        var random = new Random(Seed);
        int cached = 0;
        foreach (SpteHost host in SpteHosts.All)
        {
            foreach (ulong gfn in Gfns(host, random))
            {
                var rights = (Rights)random.Next(16);
                uint generation = (uint)random.Next() & GenerationMask;
                ulong entry = format.MakeMmio(host, gfn, rights, generation);
                if (!format.CachesMmio(host))
                {
                    Assert.Equal(Spte.Empty, entry);
                    continue;
                }

                cached++;
                Assert.True(format.IsMmio(host, entry));
                Assert.False(Spte.IsPresent(entry));
                Assert.False(Spte.IsEmpty(entry));
                Assert.Equal(gfn, format.MmioGfn(host, entry));
                Assert.Equal(generation, format.MmioGeneration(entry));
                Assert.Equal(bits.IsEpt ? Rights.None : Rights.Read | (rights & (Rights.Write | Rights.User)), format.MmioRights(entry));
                AssertFaults(bits, host, entry);
            }
        }

        Assert.True(cached > 1000, $"only {cached} entries");
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void EveryGenerationIsKept(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        for (uint generation = 0; generation <= GenerationMask; generation++)
        {
            ulong entry = format.MakeMmio(SpteHosts.Plain, 0x3_FFFF_FFFF, Rights.Write, generation);

            Assert.Equal(generation, format.MmioGeneration(entry));
            Assert.Equal(0x3_FFFF_FFFFUL, format.MmioGfn(SpteHosts.Plain, entry));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void FrameThatTheHostCannotHaveIsNotCached(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        for (int bit = 34; bit < 64; bit++)
        {
            Assert.Equal(Spte.Empty, format.MakeMmio(SpteHosts.Plain, 1UL << bit, Rights.Read, 5));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void PresentEntryNeverLooksLikeMmio(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        foreach (SpteHost host in SpteHosts.All)
        {
            ulong highest = ((1UL << host.PhysicalAddressBits) - 1) & SpteModel.Frame & ~host.EncryptionBit;
            Assert.False(format.IsMmio(host, format.MakeNonLeaf(host, highest)));
            for (int rights = 0; rights < 16; rights++)
            {
                for (int traits = 0; traits < 64; traits++)
                {
                    var spec = new LeafSpec { Level = 1, Frame = highest, Rights = (Rights)rights, Traits = (LeafTraits)traits, Key = 15 };
                    Assert.False(format.IsMmio(host, format.MakeLeaf(host, spec)));
                }
            }
        }
    }

    // An access must reach us: by a misconfiguration under EPT, by reserved bits elsewhere.
    private static void AssertFaults(SpteBits bits, SpteHost host, ulong entry)
    {
        ulong above = SpteModel.Frame & ~((1UL << host.PhysicalAddressBits) - 1) & ~host.EncryptionBit;
        if (bits.IsEpt)
        {
            Assert.Equal(6UL, entry & 7);
            Assert.Equal(0UL, entry >> 63);
        }
        else
        {
            Assert.Equal(1UL, entry & 1);
            Assert.NotEqual(0UL, entry & above);
        }

        if (host.L1tf)
        {
            ulong top = 0x1FUL << (host.PhysicalAddressBits - 5);
            Assert.Equal(top, entry & top);
        }
    }

    private static IEnumerable<ulong> Gfns(SpteHost host, Random random)
    {
        ulong mask = ((1UL << (host.PhysicalAddressBits - 12)) - 1) & ~(host.EncryptionBit >> 12);
        yield return 0;
        yield return mask;
        for (int bit = 0; bit < host.PhysicalAddressBits - 12; bit++)
        {
            yield return (1UL << bit) & mask;
        }

        for (int i = 0; i < 50; i++)
        {
            yield return (ulong)random.NextInt64() & mask;
        }
    }
}
