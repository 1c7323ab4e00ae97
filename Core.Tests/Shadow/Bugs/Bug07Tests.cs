// Bug 7: the offset of a dirty ring's entry was added to before it was checked, and wrapped. The rule: ring content is hostile; each operand is checked
// alone, before anything is added to it.
using System;
using Mmu.Guest;
using Mmu.Tests.DirtyLog;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug07Tests
{
    public static TheoryData<uint, ulong> HostileEntries => new()
    {
        { 0, ulong.MaxValue },
        { 0, ulong.MaxValue - 63 },
        { 0, ulong.MaxValue - 0xFF },
        { 0, 1UL << 63 },
        { 0, RingScene.Pages },
        { 0, RingScene.Pages | 63 },
        { 0, ulong.MaxValue - (RingScene.Data >> 12) + 1 },
        { 1, 0 },
        { uint.MaxValue, 3 },
        { int.MaxValue, ulong.MaxValue },
    };

    [Theory]
    [MemberData(nameof(HostileEntries))]
    public void Bug07WhatOthersWriteIntoARingHarmsNothing(uint slot, ulong page)
    {
        using RingScene scene = new();
        using DirtyLogSession log = scene.Start();
        scene.Write(3);
        scene.Write(4);
        Assert.Equal(2, scene.Take().Count);
        Entry(scene, 0) = new DirtyRingEntry(DirtyRingEntry.Taken, slot, page);
        Assert.Equal(2, scene.Vm.ResetDirtyRings());

        // The page that was taken out of the ring is its reader's loss; the other is logged again, and nothing else has changed.
        Assert.True(scene.Allows(3));
        Assert.False(scene.Allows(4));
        Assert.Equal(0, scene.Ring.Used);
        scene.Write(4);
        Assert.Single(scene.Take());
    }

    [Fact]
    public void Bug07StatesThatNobodyMayWriteStopNothing()
    {
        using RingScene scene = new();
        using DirtyLogSession log = scene.Start();
        Random random = new(7);
        for (int i = 0; i < 2000; i++)
        {
            Entry(scene, random.Next(scene.Ring.Entries)) = new DirtyRingEntry((uint)random.Next(-1, 4), (uint)random.Next(-1, 3), (ulong)random.NextInt64(-2, 400));
            if (!scene.Ring.IsSoftFull)
            {
                scene.Write((ulong)random.Next(RingScene.Pages));
            }

            _ = scene.Ring.TryTake(out _);
            _ = scene.Vm.ResetDirtyRings();
            Assert.InRange(scene.Ring.Used, 0, scene.Ring.Entries);
        }
    }

    private static unsafe ref DirtyRingEntry Entry(RingScene scene, int index) =>
        ref new Span<DirtyRingEntry>((void*)scene.Ring.Address, scene.Ring.Entries)[index];
}
