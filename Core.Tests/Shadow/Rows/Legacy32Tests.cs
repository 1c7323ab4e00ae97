// Shadow rows: 32-bit guests on PAE tables: halves and quarters of their tables, 4-MiB pages, PSE-36; and guests without paging.
using System;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Tests.Walk;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Rows;

public sealed class Legacy32Tests
{
    private const ulong Half = 0x20_0000;

    [Theory]
    [InlineData(0UL)]
    [InlineData(0x4000_0000UL)]
    [InlineData(0xBFC0_0000UL)]
    [InlineData(0xFFC0_0000UL)]
    public void EveryQuarterAndHalfReadsItsOwnEntries(ulong address)
    {
        using ShadowScene scene = new(GuestMode.Legacy32);
        for (ulong i = 0; i < 4; i++)
        {
            scene.Tables.Map(address + (i * Half / 2), ShadowScene.Data + (i << 12), 0x67);
        }

        scene.Load();
        for (ulong i = 0; i < 4; i++)
        {
            SceneLeaf leaf = scene.Cpu.Map(address + (i * Half / 2), Access.SupervisorWrite);
            Assert.Equal(ShadowScene.Data + (i << 12), leaf.Gpa);
            Assert.Equal((uint)i / 2, scene.RoleOf(leaf.Table).Quadrant);
        }
    }

    [Fact]
    public void AStoreToADirectoryEntryDropsBothHalvesAndNoOther()
    {
        using ShadowScene scene = new(GuestMode.Legacy32);
        const ulong address = 0x80_0000;
        for (ulong i = 0; i < 6; i++)
        {
            scene.Tables.Map(address - (2 * Half) + (i * Half), ShadowScene.Data + (i << 12), 0x67);
        }

        scene.Load();
        for (ulong i = 0; i < 6; i++)
        {
            scene.Cpu.Map(address - (2 * Half) + (i * Half), Access.SupervisorWrite);
        }

        ulong stores = scene.Statistics.SpteStores;
        Span<byte> zero = stackalloc byte[4];
        Assert.True(scene.Vm.TryWrite(new Gpa(scene.Tables.AddressOf(address, 2)), zero));
        Assert.Equal(2UL, scene.Statistics.SpteStores - stores);
        for (ulong i = 0; i < 6; i++)
        {
            Assert.Equal(i is not (2 or 3), scene.Cpu.Look(address - (2 * Half) + (i * Half)).IsPresent);
        }
    }

    [Fact]
    public void AStoreOfEightBytesDropsTheEntriesOfBoth()
    {
        using ShadowScene scene = new(GuestMode.Legacy32);
        for (ulong i = 0; i < 24; i++)
        {
            scene.Tables.Map(i << 12, ShadowScene.Data + (i << 12), 0x67);
        }

        scene.Load();
        for (ulong i = 0; i < 24; i++)
        {
            scene.Cpu.Map(i << 12, Access.SupervisorWrite);
        }

        Span<byte> entries = stackalloc byte[8];
        MemoryMarshal.Write(entries, 0UL);
        Assert.True(scene.Vm.TryWrite(new Gpa(scene.Tables.AddressOf(10 << 12, 1)), entries));
        for (ulong i = 0; i < 24; i++)
        {
            Assert.Equal(i is not (10 or 11), scene.Cpu.Look(i << 12).IsPresent);
        }
    }

    [Fact]
    public void A4MibPageIsMappedByTwoOfOurs()
    {
        using ShadowScene scene = new(GuestMode.Legacy32);
        scene.Tables.Map(0x80_0000, 0xC0_0000, 0x67, level: 2);
        scene.Load();
        SceneLeaf low = scene.Cpu.Map(0x80_3000, Access.SupervisorWrite);
        Assert.Equal((0xC0_3000UL, 2), (low.Gpa, low.Level));
        SceneLeaf high = scene.Cpu.Map(0xA0_5000, Access.SupervisorWrite);
        Assert.Equal((0xE0_5000UL, 2), (high.Gpa, high.Level));
        Assert.Equal(2UL, scene.Statistics.Pages2M);

        // Only with CR4.PSE: the same entry names a table else.
        scene.Guest.Write(0xC0_0000, 4, ShadowScene.Data | 0x67);
        scene.Cpu.Load(scene.State with { Cr4 = 0 });
        Assert.Equal(ShadowScene.Data, scene.Cpu.Map(0x80_0000, Access.SupervisorRead).Gpa);
        scene.Load();
        Assert.Equal(0xC0_0000UL, scene.Cpu.Map(0x80_0000, Access.SupervisorRead).Gpa);
    }

    [Fact]
    public void Pse36ReachesMemoryAbove4Gib()
    {
        using ShadowScene scene = new(GuestMode.Legacy32);
        const ulong above = 0x1_0000_0000;
        scene.AddSlot(above, 1024);
        scene.Tables.Map(0x80_0000, 0, 0x67, level: 2);
        scene.Tables[0x80_0000, 2] = 0xE7 | (1 << 13);
        scene.Load();
        SceneLeaf leaf = scene.Cpu.Map(0xA0_7000, Access.SupervisorWrite);
        Assert.Equal((above + 0x20_7000, 2), (leaf.Gpa, leaf.Level));
    }

    [Fact]
    public void AGuestWithoutPagingIsMappedDirectly()
    {
        using ShadowScene scene = new(GuestMode.Unpaged);
        scene.AddSlot(0x4000_0000, 512 + 3);
        scene.Load();
        SceneLeaf leaf = scene.Cpu.Map(0x60_5000, Access.SupervisorWrite);
        Assert.Equal((0x60_5000UL, 2, true, true), (leaf.Gpa, leaf.Level, leaf.W, leaf.X));
        Assert.True(scene.RoleOf(leaf.Table).IsDirect);
        Assert.Equal(2, scene.Cpu.Map(0x4000_0000, Access.SupervisorWrite).Level);
        leaf = scene.Cpu.Map(0x4020_1000, Access.SupervisorWrite);
        Assert.Equal((0x4020_1000UL, 1), (leaf.Gpa, leaf.Level));
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(0x4020_3000, Access.SupervisorWrite));
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(0xFFFF_F000, Access.SupervisorRead));
    }

    [Fact]
    public void TablesWrittenWithoutPagingAreReadWhenItIsOn()
    {
        using ShadowScene scene = new(GuestMode.Legacy32);
        scene.Tables.Map(0x80_0000, ShadowScene.Data, 0x67);
        for (ulong i = 0; i < 4; i++)
        {
            scene.Load();
            Assert.Equal(ShadowScene.Data + (i << 12), scene.Cpu.Map(0x80_0000, Access.SupervisorWrite).Gpa);
            scene.Cpu.Load(Machine.StateOf(GuestMode.Unpaged));
            scene.Cpu.Store(scene.Tables.AddressOf(0x80_0000, 1), 4, (ShadowScene.Data + ((i + 1) << 12)) | 0x67);
            scene.Audit();
        }
    }
}
