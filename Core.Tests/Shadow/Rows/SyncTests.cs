// Shadow rows: what a guest changes in a table that it may write unseen is in force after its flush, and not before it has to be.
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Rows;

public sealed class SyncTests
{
    private const ulong Address = 0x80_0000;
    private const ulong TableView = 0x10_0000;
    private const ulong Pke = 1UL << 22;
    private const ulong Other = 0x50_0000;

    public enum Flush
    {
        Page,
        Cr3,
    }

    [Theory]
    [InlineData(GuestMode.Legacy32, Flush.Page)]
    [InlineData(GuestMode.Legacy32, Flush.Cr3)]
    [InlineData(GuestMode.Pae, Flush.Page)]
    [InlineData(GuestMode.Pae, Flush.Cr3)]
    [InlineData(GuestMode.Long4, Flush.Page)]
    [InlineData(GuestMode.Long4, Flush.Cr3)]
    [InlineData(GuestMode.Long5, Flush.Page)]
    [InlineData(GuestMode.Long5, Flush.Cr3)]
    public void ChangedEntriesAreInForceAfterAFlush(GuestMode mode, Flush flush)
    {
        using ShadowScene scene = Unsynced(mode);
        scene.Cpu.Map(Address, Access.SupervisorWrite);

        // Another frame.
        Change(scene, flush, Other | 0x67);
        Assert.False(scene.Cpu.Look(Address).IsPresent);
        Assert.Equal(Other, scene.Cpu.Map(Address, Access.SupervisorWrite).Gpa);

        // Less, and more again.
        Change(scene, flush, Other | 0x65);
        SceneLeaf leaf = scene.Cpu.Look(Address);
        Assert.Equal((true, false, true), (leaf.IsPresent, leaf.W, leaf.U));
        Change(scene, flush, Other | 0x63);
        leaf = scene.Cpu.Look(Address);
        Assert.Equal((true, true, false), (leaf.IsPresent, leaf.W, leaf.U));
        if (mode != GuestMode.Legacy32)
        {
            Change(scene, flush, Other | 0x63 | (1UL << 63));
            Assert.False(scene.Cpu.Look(Address).X);
        }

        // Clean: the first write must fault, and sets D again.
        Change(scene, flush, Other | 0x27);
        leaf = scene.Cpu.Look(Address);
        Assert.Equal((true, false), (leaf.IsPresent, leaf.W));
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Address, Access.UserWrite));
        Assert.Equal(Other | 0x67, scene.Tables[Address, 1]);

        // Not accessed, not present, MMIO.
        Change(scene, flush, Other | 0x47);
        Assert.False(scene.Cpu.Look(Address).IsPresent);
        scene.Cpu.Map(Address, Access.SupervisorRead);
        Change(scene, flush, 0x5000_0067);
        Assert.False(scene.Cpu.Look(Address).IsPresent);
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Address, Access.SupervisorRead));
        Change(scene, flush, Other | 0x67);
        Assert.False(scene.Cpu.Look(Address).IsReserved);
        scene.Cpu.Map(Address, Access.SupervisorRead);
        Change(scene, flush, 0);
        Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.SupervisorRead));
    }

    [Theory]
    [InlineData(Flush.Page)]
    [InlineData(Flush.Cr3)]
    public void AChangedKeyIsInTheLeafAfterAFlush(Flush flush)
    {
        using ShadowScene scene = Unsynced(GuestMode.Long4);
        scene.Cpu.Load(scene.State with { Cr4 = scene.State.Cr4 | Pke });
        const ulong key = 5UL << 59;
        Change(scene, flush, ShadowScene.Data | 0x67 | key);
        scene.Cpu.Map(Address, Access.SupervisorWrite);
        Assert.Equal(key, scene.Cpu.Look(Address).Entry & (0xFUL << 59));
        Change(scene, flush, ShadowScene.Data | 0x67 | (9UL << 59));
        Assert.Equal(9UL << 59, scene.Cpu.Look(Address).Entry & (0xFUL << 59));
        Change(scene, flush, ShadowScene.Data | 0x67);
        Assert.Equal(0UL, scene.Cpu.Look(Address).Entry & (0xFUL << 59));
    }

    [Fact]
    public void AnEntryWithReservedBitsIsDroppedByAFlush()
    {
        using ShadowScene scene = new(GuestMode.Long4, features: new CpuFeatures { PhysicalAddressBits = 40 });
        Prepare(scene);
        scene.Cpu.Map(Address, Access.SupervisorWrite);
        Change(scene, Flush.Cr3, ShadowScene.Data | 0x67 | (1UL << 45));
        Assert.False(scene.Cpu.Look(Address).IsPresent);
        Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.SupervisorRead));
    }

    private static ShadowScene Unsynced(GuestMode mode)
    {
        ShadowScene scene = new(mode);
        Prepare(scene);
        return scene;
    }

    private static void Prepare(ShadowScene scene)
    {
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        scene.Tables.Map(Address + 0x1000, ShadowScene.Data + 0x1000, 0x67);
        scene.Tables.Map(TableView, scene.Tables.AddressOf(Address, 1) & ~0xFFFUL, 0x67);
        scene.Load();
        scene.Cpu.Map(Address, Access.SupervisorWrite);
    }

    // The guest's own store, then its flush.
    private static void Change(ShadowScene scene, Flush flush, ulong entry)
    {
        ulong at = TableView + (scene.Tables.AddressOf(Address, 1) & 0xFFF);
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Store(at, scene.Tables.Shape.EntryBytes, entry));
        if (flush == Flush.Page)
        {
            scene.Cpu.Invalidate(Address);
        }
        else
        {
            scene.Cpu.LoadCr3(scene.Cpu.State.Cr3);
        }

        scene.Audit();
    }
}
