// What the software TLB caches for whom, and what drops it.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Guest;
using Mmu.Vm;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Vm;

public sealed class SoftTlbTests
{
    private const ulong Page = SoftTlbScene.Page;
    private const ulong LargePage = SoftTlbScene.LargePage;
    private const ulong Data = SoftTlbScene.Data;
    private const ulong Pcide = SoftTlbScene.Pcide;
    private const ulong Keep = SoftTlbScene.Keep;

    private static readonly Dictionary<string, Action<SoftTlbScene>> s_drops = new()
    {
        ["INVLPG"] = s => s.Vcpu.InvalidatePage(new Gva(Page + 0xFFF)),
        ["INVPCID of an address"] = s => s.Vcpu.InvalidatePcid(0, 0, new Gva(Page)),
        ["INVPCID of a PCID"] = s => s.Vcpu.InvalidatePcid(1, 0, default),
        ["INVPCID of everything"] = s => s.Vcpu.InvalidatePcid(2, 0, default),
        ["INVPCID of everything but global pages"] = s => s.Vcpu.InvalidatePcid(3, 0, default),
        ["MOV to CR3"] = s => s.Vcpu.LoadCr3(SoftTlbScene.Root),
        ["CR4.PGE"] = s => s.Vcpu.SetControlState(s.State with { Cr4 = s.State.Cr4 | SoftTlbScene.Pge }),
        ["CR4.SMEP"] = s => s.Vcpu.SetControlState(s.State with { Cr4 = s.State.Cr4 | SoftTlbScene.Smep }),
        ["CR4.SMAP"] = s => s.Vcpu.SetControlState(s.State with { Cr4 = s.State.Cr4 | SoftTlbScene.Smap }),
        ["CR4.PKE"] = s => s.Vcpu.SetControlState(s.State with { Cr4 = s.State.Cr4 | SoftTlbScene.Pke }),
        ["CR4.PCIDE"] = s => s.Vcpu.SetControlState(s.State with { Cr4 = s.State.Cr4 ^ Pcide }),
        ["CR0.WP"] = s => s.Vcpu.SetControlState(s.State with { Cr0 = 0x8000_0001 }),
        ["EFER.NXE"] = s => s.Vcpu.SetControlState(s.State with { Efer = 0x500 }),
        ["another CR3"] = s => s.Vcpu.SetControlState(s.State with { Cr3 = SoftTlbScene.OtherRoot }),
        ["SMM"] = s =>
        {
            s.Vcpu.SetSystemManagement(true);
            s.Vcpu.SetSystemManagement(false);
        },
        ["UnmapRange"] = s => s.Vm.UnmapRange(new Gpa(Data), 0x1000),
        ["ZapRange"] = s => s.Vm.ZapRange(new Gpa(Data), 0x1000),
        ["WriteProtect"] = s => s.Vm.WriteProtect(new Gpa(Data), 0x1000),
        ["TrackWrites"] = s => s.Vm.TrackWrites(new Gpa(Data)),
        ["MoveSlot"] = s =>
        {
            s.Vm.MoveSlot(new Gpa(0), new Gpa(0x1000_0000));
            s.Vm.MoveSlot(new Gpa(0x1000_0000), new Gpa(0));
        },
    };

    public static TheoryData<string, ulong> Drops
    {
        get
        {
            TheoryData<string, ulong> rows = [];
            foreach (string name in s_drops.Keys)
            {
                rows.Add(name, 0);
                rows.Add(name, Pcide);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Drops))]
    public void ATranslationIsDroppedBy(string drop, ulong cr4)
    {
        using SoftTlbScene scene = new(cr4);
        scene.Enter();
        scene.Fill(Page, Access.UserWrite);
        scene.Fill(Page, Access.UserFetch);
        scene.Outside(() => s_drops[drop](scene));
        Assert.False(scene.Hits(Page, Access.UserRead));
        Assert.False(scene.Hits(Page, Access.UserWrite));
        Assert.False(scene.Hits(Page, Access.UserFetch));
        scene.Vcpu.EndRun();
    }

    [Fact]
    public void AHitIsThePointerThatAWalkGives()
    {
        using SoftTlbScene scene = new();
        scene.Enter();
        Assert.False(scene.Hits(Page, Access.UserRead));
        Assert.Equal(SoftTlbOutcome.Memory, scene.Tlb.Resolve(new Gva(Page + 0x123), Access.UserRead, out WalkResult result));
        Assert.Equal(scene.HostOf(Data + 0x123), result.HostAddress);
        Assert.True(scene.Tlb.TryGet(new Gva(Page + 0xFFF), Access.UserRead, out nuint host));
        Assert.Equal(scene.HostOf(Data + 0xFFF), host);
        Assert.False(scene.Hits(Page, Access.UserWrite));
        Assert.False(scene.Hits(Page, Access.UserFetch));
        Assert.False(scene.Hits(Page, Access.SupervisorRead));
        Assert.False(scene.Hits(Page + 0x1000, Access.UserRead));
        Assert.False(scene.Hits(Page + (1UL << 47), Access.UserRead));
        scene.Vcpu.EndRun();
    }

    [Fact]
    public void UserSupervisorAndAlignmentCheckAreKeptApart()
    {
        using SoftTlbScene scene = new(SoftTlbScene.Smap);
        scene.Enter();
        Access allowed = new(AccessKind.Read, AccessFlags.AlignmentCheck);
        scene.Fill(Page, allowed);
        Assert.False(scene.Hits(Page, Access.SupervisorRead));
        Assert.False(scene.Hits(Page, new Access(AccessKind.Read, AccessFlags.AlignmentCheck | AccessFlags.Implicit)));
        Assert.False(scene.Hits(Page, new Access(AccessKind.Read, AccessFlags.ShadowStack)));
        Assert.False(scene.Hits(Page, Access.UserRead));
        Assert.Equal(SoftTlbOutcome.Fault, scene.Resolve(Page, Access.SupervisorRead));
        scene.Fill(Page, Access.UserRead);
        Assert.True(scene.Hits(Page, new Access(AccessKind.Read, AccessFlags.User | AccessFlags.AlignmentCheck)));
        scene.Vcpu.EndRun();
    }

    [Fact]
    public void AWriteIsCachedWhenThePageIsDirty()
    {
        using SoftTlbScene scene = new();
        scene.Map(Page, Data, 0x27);
        scene.Enter();
        scene.Fill(Page, Access.UserRead);
        Assert.Equal(SoftTlbOutcome.Memory, scene.Resolve(Page, Access.UserWrite));
        scene.Fill(Page, Access.UserWrite);
        Assert.Equal(0x40, scene.Memory.Bytes[(int)SoftTlbScene.Root + 0x3000] & 0x40);
        scene.Vcpu.EndRun();
    }

    [Fact]
    public void TablesInReadOnlyMemoryCannotBeMarkedAndSoAreNotCached()
    {
        using SoftTlbScene scene = new();
        GuardedPages rom = scene.Test.AddSlot(0x1000_0000, 1, SlotFlags.ReadOnly);
        BitConverter.GetBytes(Data | 0x27).CopyTo(rom.Bytes);
        scene.Write(SoftTlbScene.Root + 0x2000 + (Page >> 21 << 3), 0x1000_0000 | SoftTlbScene.User);
        scene.Enter();
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(SoftTlbOutcome.Memory, scene.Resolve(Page, Access.UserWrite));
            Assert.False(scene.Hits(Page, Access.UserWrite));
        }

        scene.Fill(Page, Access.UserRead);
        scene.Vcpu.EndRun();
    }

    [Fact]
    public void ALargePageStaysLarge()
    {
        using SoftTlbScene scene = new();
        scene.Enter();
        scene.Fill(LargePage + 0x1234, Access.UserWrite);
        Assert.True(scene.Tlb.TryGet(new Gva(LargePage + 0x1F_FFFF), Access.UserRead, out nuint host));
        Assert.Equal(scene.HostOf(Data + 0x1F_FFFF), host);
        Assert.False(scene.Hits(LargePage + 0x20_0000, Access.UserRead));
        scene.Outside(() => scene.Vcpu.InvalidatePage(new Gva(LargePage + 0x5000)));
        Assert.False(scene.Hits(LargePage + 0x1234, Access.UserRead));
        Assert.False(scene.Hits(LargePage + 0x1234, Access.UserWrite));
        scene.Vcpu.EndRun();
    }

    [Fact]
    public void AFlushOfOneAddressTakesEveryPieceOfALargePage()
    {
        using SoftTlbScene scene = new();
        scene.Vm.TrackWrites(new Gpa(Data + 0x3000));
        scene.Enter();
        scene.Fill(LargePage + 0x5000, Access.UserWrite);
        scene.Fill(LargePage + 0x6000, Access.UserWrite);
        scene.Fill(LargePage + 0x7000, Access.UserRead);
        Assert.False(scene.Hits(LargePage + 0x9000, Access.UserWrite));
        Assert.Equal(SoftTlbOutcome.Announce, scene.Resolve(LargePage + 0x3000, Access.UserWrite));
        scene.Outside(() => scene.Vcpu.InvalidatePage(new Gva(LargePage + 0x1F_0000)));
        Assert.False(scene.Hits(LargePage + 0x5000, Access.UserWrite));
        Assert.False(scene.Hits(LargePage + 0x6000, Access.UserRead));
        Assert.False(scene.Hits(LargePage + 0x7000, Access.UserRead));
        scene.Vcpu.EndRun();
    }

    [Fact]
    public void AGigantPageIsDroppedAsAWhole()
    {
        using SoftTlbScene scene = new();
        scene.Write(SoftTlbScene.Root + 0x1000 + 8, SoftTlbScene.Large);
        const ulong Gigant = 1UL << 30;
        scene.Enter();
        scene.Fill(Gigant + 0x20_0000, Access.UserRead);
        scene.Fill(Gigant + 0x40_0000, Access.UserRead);
        scene.Outside(() => scene.Vcpu.InvalidatePage(new Gva(Gigant + 0x3000_0000)));
        Assert.False(scene.Hits(Gigant + 0x20_0000, Access.UserRead));
        Assert.False(scene.Hits(Gigant + 0x40_0000, Access.UserRead));
        scene.Vcpu.EndRun();
    }

    [Fact]
    public void ATrackedFramesStoresAreAnnounced()
    {
        using SoftTlbScene scene = new();
        scene.Enter();
        scene.Fill(Page, Access.UserWrite);
        scene.Fill(LargePage, Access.UserWrite);
        scene.Outside(() => scene.Vm.TrackWrites(new Gpa(Data)));
        Assert.Equal(SoftTlbOutcome.Announce, scene.Resolve(Page, Access.UserWrite));
        Assert.Equal(SoftTlbOutcome.Announce, scene.Resolve(LargePage, Access.UserWrite));
        Assert.False(scene.Hits(Page, Access.UserWrite));
        Assert.False(scene.Hits(LargePage, Access.UserWrite));
        scene.Fill(Page, Access.UserRead);
        scene.Vcpu.EndRun();
    }

    [Fact]
    public void RomIsReadAndItsWritesAreTheDevices()
    {
        using SoftTlbScene scene = new();
        GuardedPages rom = scene.Test.AddSlot(0x1000_0000, 1, SlotFlags.ReadOnly);
        scene.Map(Page, 0x1000_0000);
        scene.Map(Page + 0x1000, 0x2000_0000);
        scene.Enter();
        scene.Fill(Page, Access.UserRead);
        Assert.True(scene.Tlb.TryGet(new Gva(Page), Access.UserRead, out nuint host));
        Assert.Equal(rom.Address, host);
        Assert.Equal(SoftTlbOutcome.Mmio, scene.Resolve(Page, Access.UserWrite));
        Assert.Equal(SoftTlbOutcome.Mmio, scene.Tlb.Resolve(new Gva(Page + 0x1008), Access.UserRead, out WalkResult result));
        Assert.Equal(0x2000_0008UL, result.Gpa.Value);
        scene.Vcpu.EndRun();
    }

    [Fact]
    public void AddressSpacesThatAreKeptAreThereWhenTheyComeBack()
    {
        using SoftTlbScene scene = new(Pcide);
        scene.Map(Page, Data + 0x1000, root: SoftTlbScene.OtherRoot);
        scene.Enter();

        // Shadowing a root guards its frame, which flushes: that is over before the first fill.
        scene.Outside(() => scene.Vcpu.LoadCr3(SoftTlbScene.OtherRoot | 1));
        scene.Outside(() => scene.Vcpu.LoadCr3(SoftTlbScene.Root));
        scene.Fill(Page, Access.UserRead);
        scene.Outside(() => scene.Vcpu.LoadCr3(SoftTlbScene.OtherRoot | 1 | Keep));
        Assert.False(scene.Hits(Page, Access.UserRead));
        scene.Outside(() => scene.Vcpu.LoadCr3(SoftTlbScene.Root | Keep));
        Assert.True(scene.Tlb.TryGet(new Gva(Page), Access.UserRead, out nuint host));
        Assert.Equal(scene.HostOf(Data), host);
        scene.Outside(() => scene.Vcpu.LoadCr3(SoftTlbScene.OtherRoot | 1 | Keep));
        scene.Outside(() => scene.Vcpu.InvalidatePcid(1, 0, default));
        scene.Outside(() => scene.Vcpu.LoadCr3(SoftTlbScene.Root | Keep));
        Assert.False(scene.Hits(Page, Access.UserRead));
        scene.Vcpu.EndRun();
    }

    [Fact]
    public void ProtectionKeysHaveTranslationsOfTheirOwn()
    {
        using SoftTlbScene scene = new(SoftTlbScene.Pke | Pcide);
        scene.Map(Page, Data, SoftTlbScene.User | (1UL << 59));
        scene.Enter();
        scene.Fill(Page, Access.UserRead);
        scene.Outside(() => scene.Vcpu.SetProtectionKeys(1 << 2, 0));
        Assert.False(scene.Hits(Page, Access.UserRead));
        Assert.Equal(SoftTlbOutcome.Fault, scene.Resolve(Page, Access.UserRead));
        scene.Outside(() => scene.Vcpu.SetProtectionKeys(1 << 3, 0));
        scene.Fill(Page, Access.UserRead);
        scene.Outside(() => scene.Vcpu.SetProtectionKeys(0, 0));
        scene.Fill(Page, Access.UserWrite);
        scene.Outside(() => scene.Vcpu.SetProtectionKeys(1 << 3, 0));
        Assert.False(scene.Hits(Page, Access.UserWrite));
        scene.Fill(Page, Access.UserRead);

        // What the PCID drops is dropped under all keys.
        scene.Outside(() => scene.Vcpu.LoadCr3(SoftTlbScene.Root));
        Assert.False(scene.Hits(Page, Access.UserRead));
        scene.Vcpu.EndRun();
    }

    [Fact]
    public void AnotherTranslationOfAPageTakesItsOtherTagsAlong()
    {
        using SoftTlbScene scene = new();
        scene.Enter();
        scene.Fill(Page, Access.UserRead);
        scene.Map(Page, Data + 0x1000);
        scene.Fill(Page, Access.UserFetch);
        Assert.False(scene.Hits(Page, Access.UserRead));
        Assert.True(scene.Tlb.TryGet(new Gva(Page), Access.UserFetch, out nuint host));
        Assert.Equal(scene.HostOf(Data + 0x1000), host);
        scene.Vcpu.EndRun();
    }

    [Fact]
    public void APageFaultDropsWhatIsCachedOfItsPage()
    {
        using SoftTlbScene scene = new();
        scene.Enter();
        scene.Fill(Page, Access.UserRead);
        scene.Map(Page, Data, 0);
        Assert.True(scene.Hits(Page, Access.UserRead));
        Assert.Equal(SoftTlbOutcome.Fault, scene.Tlb.Resolve(new Gva(Page + 5), Access.UserWrite, out WalkResult result));
        Assert.Equal(PageFaultCode.Write | PageFaultCode.User, result.ErrorCode);
        Assert.Equal(Page + 5, result.LinearAddress.Value);
        Assert.False(scene.Hits(Page, Access.UserRead));
        Assert.Equal(SoftTlbOutcome.Fault, scene.Resolve(1UL << 60, Access.UserRead));
        scene.Vcpu.EndRun();
    }

    [Fact]
    public void TaggedAddressesAreWalkedAndNotCached()
    {
        using SoftTlbScene scene = new();
        scene.Enter();
        scene.Outside(() => scene.Vcpu.LoadCr3(SoftTlbScene.Root | (1UL << 61)));
        const ulong Tagged = Page | (1UL << 60);
        Assert.Equal(SoftTlbOutcome.Memory, scene.Resolve(Tagged, Access.UserRead));
        Assert.False(scene.Hits(Tagged, Access.UserRead));
        scene.Fill(Page, Access.UserRead);
        scene.Vcpu.EndRun();
    }

    [Fact]
    public void GenerationsComeRoundWithoutOldEntries()
    {
        using SoftTlbScene scene = new();
        scene.Enter();
        for (int i = 0; i < 5000; i++)
        {
            scene.Fill(Page, Access.UserRead);
            scene.Outside(() => scene.Vcpu.LoadCr3(SoftTlbScene.Root));
            Assert.False(scene.Hits(Page, Access.UserRead));
        }

        scene.Vcpu.EndRun();
    }

    [Fact]
    public void ItIsMadeOutsideTheGuestAndUsedInside()
    {
        using SoftTlbScene scene = new();
        Assert.Throws<InvalidOperationException>(() => scene.Resolve(Page, Access.UserRead));
        MmuVcpu other = scene.Vm.CreateVcpu();
        Assert.Equal(RootStatus.Loaded, other.BeginRun(out _));
        Assert.Throws<InvalidOperationException>(() => other.SoftTlb);
        other.EndRun();
        Assert.Same(other.SoftTlb, other.SoftTlb);
        ulong bytes = scene.Vm.Core.Private.AllocatedBytes;
        other.Dispose();
        Assert.True(scene.Vm.Core.Private.AllocatedBytes < bytes);
    }

    [Fact]
    public void NothingIsAllocated()
    {
        using SoftTlbScene scene = new(Pcide);
        scene.Test.Host.Logs = false;
        scene.Map(Page + 0x2000, 0x3000_0000);
        scene.Map(Page + 0x3000, 0, 0);
        long least = long.MaxValue;
        for (int round = 0; round < 5 && least != 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (uint i = 0; i < 100; i++)
            {
                scene.Vcpu.SetProtectionKeys(i & 3, 0);
                _ = scene.Vcpu.LoadCr3(SoftTlbScene.Root | (i & 1) | Keep);
                scene.Vcpu.InvalidatePage(new Gva(Page));
                _ = scene.Vcpu.BeginRun(out _);
                for (ulong page = 0; page < 4; page++)
                {
                    _ = scene.Resolve(Page + (page << 12), Access.UserWrite);
                    _ = scene.Resolve(LargePage + (page << 12), Access.UserRead);
                }

                scene.Vcpu.EndRun();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }
}
