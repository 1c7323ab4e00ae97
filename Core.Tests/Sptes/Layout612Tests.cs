// Tests: entries of Linux 6.12 in the current layout, and back.
using System.Collections.Generic;
using System.Linq;
using Mmu.Architecture;
using Mmu.Sptes;
using Mmu.Tests.Snapshots;
using Xunit;

namespace Mmu.Tests.Sptes;

public sealed class Layout612Tests
{
    [Theory]
    [InlineData(0x8600_0000_1234_5BF7UL, 0x80A0_0000_1234_5FF7UL)] // A writable 4-KiB leaf with hardware A and D.
    [InlineData(0x8600_0000_1240_0BF5UL, 0x80A0_0000_1240_0FF5UL)] // The same, large, write-protected for dirty logging.
    [InlineData(0x8200_0000_1234_5975UL, 0x8020_0000_1234_5D75UL)] // Protected by the MMU itself.
    [InlineData(0x8610_0000_1234_5877UL, 0x90A0_0000_1234_5F77UL)] // No hardware A and D: rights say that it was accessed and written.
    [InlineData(0x8750_0000_1234_5870UL, 0xD0F0_0000_1234_5870UL)] // The same, access-tracked: R and X saved.
    [InlineData(0x8010_0000_1234_5807UL, 0x9000_0000_1234_5C07UL)] // A table without hardware A and D.
    [InlineData(0x8620_0000_1234_5BF7UL, 0xA0A0_0000_1234_5FF7UL)] // Write-protection only.
    [InlineData(0x8000_0000_0000_05A0UL, 0x8000_0000_0000_01A0UL)] // Frozen.
    [InlineData(0x8000_0000_0000_0000UL, 0x8000_0000_0000_0000UL)] // Empty.
    [InlineData(0UL, 0UL)]
    [InlineData(0x0010_0000_FEE0_000EUL, 0x0020_0000_FEE0_000EUL)] // MMIO: generation 257.
    public void EptEntryHasOneMeaningInBothLayouts(ulong old, ulong current)
    {
        Assert.True(SpteLayout612.TryEptToCurrent(old, out ulong converted));
        Assert.Equal(current, converted);
        Assert.True(SpteLayout612.TryEptFromCurrent(current, out ulong back));
        Assert.Equal(old, back);
    }

    [Theory]
    [InlineData(0x8600_0000_1234_5FF7UL)] // Bit 10 is nothing there.
    [InlineData(0x8680_0000_1234_5BF7UL)] // Saved W.
    [InlineData(0x8630_0000_1234_5BF7UL)] // Type 3.
    [InlineData(0x8610_0000_1234_5BF7UL)] // A and D without hardware for them.
    [InlineData(0x7FF0_0000_FEE0_0006UL)] // A generation of 19 bits.
    [InlineData(1UL)]
    public void EptEntryThatTheCurrentLayoutCannotSayIsRefused(ulong old) => Assert.False(SpteLayout612.TryEptToCurrent(old, out _));

    [Theory]
    [InlineData(0x80A0_0000_1234_5BF7UL)] // X for supervisor addresses alone.
    [InlineData(0x90A0_0000_1234_5F75UL)] // Dirty without W, no hardware.
    [InlineData(0x0000_0000_FEE0_0406UL)] // MMIO with bit 10.
    [InlineData(2UL)]
    public void EptEntryThatTheOldLayoutCannotSayIsRefused(ulong current) => Assert.False(SpteLayout612.TryEptFromCurrent(current, out _));

    [Theory]
    [InlineData(0x8000_0000_1234_5E67UL, 0x8000_0000_1234_5E67UL)]
    [InlineData(0x8000_0000_0000_05A0UL, 0x8000_0000_0000_01A0UL)]
    [InlineData(0x8000_0000_0000_0000UL, 0x8000_0000_0000_0000UL)]
    [InlineData(0x0018_0000_FEE0_040FUL, 0x0038_0000_FEE0_000FUL)] // MMIO: generation 385, writable and user.
    public void LegacyEntryHasOneMeaningInBothLayouts(ulong old, ulong current)
    {
        Assert.True(SpteLayout612.TryLegacyToCurrent(old, out ulong converted));
        Assert.Equal(current, converted);
        Assert.True(SpteLayout612.TryLegacyFromCurrent(current, out ulong back));
        Assert.Equal(old, back);
    }

    [Fact]
    public void LegacyKeysCannotBeSaidInTheOldLayout()
    {
        Assert.False(SpteLayout612.TryLegacyFromCurrent(0x0800_0000_1234_5E67, out _));
        Assert.False(SpteLayout612.TryLegacyToCurrent(0x0010_0000_1234_5E67, out _));
        Assert.False(SpteLayout612.TryLegacyToCurrent(2, out _));
    }

    [Theory]
    [InlineData("EptSpte")]
    [InlineData("EptNoAdSpte")]
    [InlineData("NptSpte")]
    [InlineData("PaeSpte")]
    public void WhatGoesThereComesBack(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        bool ept = SpteProbe.BitsOf(name).IsEpt;
        int converted = 0;
        IEnumerable<ulong> entries = SpteHosts.Leaves(0x1234_5000)
            .Select(spec => format.MakeLeaf(SpteHosts.Plain, spec))
            .Concat(Enumerable.Range(0, 1 << 18).Select(number => format.MakeMmio(SpteHosts.Plain, 0xFEE00, Rights.User, (uint)number)))
            .Append(format.MakeNonLeaf(SpteHosts.Plain, 0x1234_5000));
        foreach (ulong entry in entries)
        {
            ulong old;
            if (ept ? SpteLayout612.TryEptFromCurrent(entry, out old) : SpteLayout612.TryLegacyFromCurrent(entry, out old))
            {
                Assert.True(ept ? SpteLayout612.TryEptToCurrent(old, out ulong back) : SpteLayout612.TryLegacyToCurrent(old, out back));
                Assert.Equal(entry, back);
                converted++;
            }
        }

        Assert.InRange(converted, 1 << 18, int.MaxValue);
    }

    [Fact]
    public void LeavesOfARealKernelAreThoseWeMake()
    {
        int leaves = 0;
        foreach ((ulong _, ulong entry, int level, ulong _) in NptSnapshot.KvmLeaves)
        {
            Assert.True(SpteLayout612.TryLegacyToCurrent(entry, out ulong current));
            var spec = new LeafSpec
            {
                Level = level,
                Frame = entry & SpteModel.Frame,
                Rights = Rights.Read | Rights.Write | Rights.User | Rights.Execute,
                Traits = LeafTraits.HostWritable | LeafTraits.MmuWritable | LeafTraits.Accessed,
            };
            Assert.Equal(NptSpte.MakeLeaf(SpteHosts.Plain, spec), current);
            leaves++;
        }

        Assert.Equal(3, leaves);
    }
}
