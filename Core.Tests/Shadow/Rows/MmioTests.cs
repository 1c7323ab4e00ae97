// Shadow rows: accesses that no memory answers, and writes that memory refuses.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Rows;

public sealed class MmioTests
{
    private const ulong Address = 0x80_0000;
    private const ulong Device = 0x5000_0000;
    private const uint LastGeneration = (1 << 18) - 1;

    [Theory]
    [InlineData(GuestMode.Legacy32)]
    [InlineData(GuestMode.Pae)]
    [InlineData(GuestMode.Long4)]
    [InlineData(GuestMode.Long5)]
    public void ADeviceIsMetWithoutAWalkTheSecondTime(GuestMode mode)
    {
        using ShadowScene scene = new(mode);
        scene.Tables.Map(Address, Device, 0x67);
        scene.Load();
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Address + 0x123, Access.UserWrite));
        Assert.Equal(Device + 0x123, scene.Cpu.Result.Gpa.Value);
        Assert.True(scene.Cpu.Look(Address).IsReserved);

        // Whoever walks the guest's tables makes the entry anew.
        ulong stores = scene.Statistics.SpteStores;
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Address + 0x456, Access.UserWrite));
        Assert.Equal(Device + 0x456, scene.Cpu.Result.Gpa.Value);
        Assert.Equal(stores, scene.Statistics.SpteStores);
    }

    [Fact]
    public void AnMmioEntryGivesNoRightThatTheGuestsTablesRefuse()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, Device, 0x61);
        scene.Load();
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Address, Access.SupervisorRead));
        Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.SupervisorWrite));
        Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.UserRead));
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Address, Access.SupervisorRead));
    }

    [Fact]
    public void AnMmioEntryCountsForNothingOnceASlotHasChanged()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, Device, 0x67);
        scene.Load();
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Address, Access.UserWrite));
        scene.AddSlot(Device, 16);
        Assert.Equal(Device, scene.Cpu.Map(Address, Access.UserWrite).Gpa);
        scene.Vm.RemoveSlot(new Gpa(Device));
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Address, Access.UserWrite));
    }

    [Fact]
    public void AGenerationThatComesRoundAgainFindsNoOldEntry()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, Device, 0x67);
        scene.Load();
        scene.Vm.Core.SlotGeneration = 0;
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Address, Access.UserWrite));
        scene.Vm.Core.SlotGeneration = LastGeneration;
        scene.AddSlot(Device, 16);
        Assert.Equal(0u, scene.Vm.Core.SlotGeneration);
        Assert.Equal(Device, scene.Cpu.Map(Address, Access.UserWrite).Gpa);
    }

    // As if the fault had come between the taking apart of all tables and the first generation.
    [Fact]
    public void AnEntryOfTheLastGenerationThatCameLateIsGoneWhenItComesAgain()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, Device, 0x67);
        scene.Load();
        scene.Vm.Core.SlotGeneration = LastGeneration;
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Address, Access.UserWrite));
        scene.Vm.Core.SlotGeneration = 0;
        scene.AddSlot(0x6000_0000, 16);
        scene.Vm.Core.SlotGeneration = LastGeneration - 1;
        scene.AddSlot(Device, 16);
        Assert.Equal(Device, scene.Cpu.Map(Address, Access.UserWrite).Gpa);
    }

    [Theory]
    [InlineData(SlotFlags.ReadOnly)]
    [InlineData(SlotFlags.ReadOnly | SlotFlags.Resolved)]
    public void AWriteToARomIsTheDevices(SlotFlags flags)
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.AddSlot(Device, 512, flags);
        scene.Tables.Map(Address, Device, 0x67);
        scene.Tables.Map(Address + 0x20_0000, Device, 0x67, level: 2);
        scene.Load();
        foreach (ulong gva in (ulong[])[Address, Address + 0x20_0000])
        {
            Assert.False(scene.Cpu.Map(gva, Access.UserRead).W);
            Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(gva, Access.UserWrite));
            Assert.True(scene.Cpu.Look(gva).IsPresent);
            Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(gva, Access.UserFetch));
        }
    }

    [Fact]
    public void TablesInARomAreReadAndNeverMarked()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.AddSlot(Device, 16, SlotFlags.ReadOnly);
        scene.Tables.Map(Address, 0, 0, level: 2);
        scene.Tables[Address, 2] = Device | 0x67;
        scene.Guest.Write(Device, 8, ShadowScene.Data | 7);
        scene.Load();
        Assert.Equal(ShadowScene.Data, scene.Cpu.Map(Address, Access.SupervisorRead).Gpa);
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Address, Access.SupervisorWrite));
        Assert.Equal(ShadowScene.Data | 7, scene.Guest.Read(Device, 8));
        scene.Audit();
    }

    [Theory]
    [InlineData(GuestMode.Unpaged)]
    [InlineData(GuestMode.Legacy32)]
    [InlineData(GuestMode.Long4)]
    public void AWriteToATrackedFrameIsReported(GuestMode mode)
    {
        using ShadowScene scene = new(mode);
        ulong gva = mode == GuestMode.Unpaged ? ShadowScene.Data : Address;
        if (mode != GuestMode.Unpaged)
        {
            scene.Tables.Map(gva, ShadowScene.Data, 0x67);
        }

        scene.Load();
        Assert.True(scene.Cpu.Map(gva, Access.SupervisorWrite).W);
        Gpa tracked = new(ShadowScene.Data);
        scene.Vm.TrackWrites(tracked);
        scene.Vm.TrackWrites(tracked);
        for (int i = 0; i < 2; i++)
        {
            Assert.False(scene.Cpu.Look(gva).W);
            Assert.Equal(FaultOutcome.WriteProtected, scene.Cpu.Touch(gva, Access.SupervisorWrite));
            Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(gva, Access.SupervisorRead));
            scene.Audit();
            scene.Vm.UntrackWrites(tracked);
        }

        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(gva, Access.SupervisorWrite));
    }

    [Fact]
    public void ADeviceAboveWhatTranslationsKeepWorks()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        const ulong far = 1UL << 44;
        scene.Tables.Map(Address, far, 0x67);
        scene.Load();
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Address + 8, Access.SupervisorRead));
        Assert.Equal(far + 8, scene.Cpu.Result.Gpa.Value);
        Assert.False(scene.Cpu.Look(Address).IsPresent);
    }

    [Fact]
    public void ATagLeadsToNoOtherDevice()
    {
        const ulong tagged = Address | (0xABUL << 48);
        using ShadowScene scene = new(GuestMode.Long5);
        scene.Tables.Map(Address, Device, 0x67);
        scene.Tables.Map(tagged, Device + 0x1000, 0x67);
        scene.Load();
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Address, Access.UserRead));
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(tagged, Access.UserRead));
        scene.Cpu.Load(scene.State with { Cr3 = scene.State.Cr3 | ControlBits.Cr3LamU48 });
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Fault(tagged, Access.UserRead, PageFaultCode.Reserved));
        Assert.Equal(Device, scene.Cpu.Result.Gpa.Value);
    }
}
