// Entering and leaving L2, and what L1's invalidations drop: exactly that.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Oracle;
using Mmu.Vm;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Nested;

public sealed class SwitchTests
{
    private const ulong Address = (1UL << 30) | (1UL << 21) | (9UL << 12);
    private const ulong R = 1, RW = 3, WriteBack = L2Scene.EptWriteBack;

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void ASwitchExchangesRootsAndBuildsNothing(bool ept, bool onTdp)
    {
        using L2Scene scene = new(ept, onTdp);
        _ = scene.Map(Address, 0x5000, ept ? RW : L2Scene.NptOpen);
        RunState own = L2Scene.Run(scene.Vcpu);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        RunState nested = L2Scene.Run(scene.Vcpu);
        Assert.NotEqual(own.RootAddress, nested.RootAddress);
        Assert.Equal(RootKind.Nested, nested.Kind);
        scene.Leave();
        _ = L2Scene.Run(scene.Vcpu);
        MmuStatistics before = scene.Statistics;
        int violations = scene.Processor.Violations;
        Assert.Empty(scene.FlushesOf(() =>
        {
            for (int i = 0; i < 3; i++)
            {
                scene.Enter();
                Assert.Equal(nested, L2Scene.Run(scene.Vcpu));
                scene.Leave();
                Assert.Equal(own, L2Scene.Run(scene.Vcpu));
            }
        }));
        Assert.Equal(before, scene.Statistics);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        Assert.Equal(violations, scene.Processor.Violations);
    }

    [Fact]
    public void ASwitchAllocatesNothing()
    {
        using L2Scene scene = new();
        _ = scene.Map(Address, 0x5000, RW);
        EptControl ept = scene.Ept with { EptPointer = scene.EptPointer };
        Action<int> turns = count =>
        {
            for (int i = 0; i < count; i++)
            {
                _ = scene.Vcpu.EnterNested(PagedGuest.State, ept, new NestedTag(1));
                _ = scene.Vcpu.BeginRun(out _);
                scene.Vcpu.EndRun();
                _ = scene.Vcpu.LeaveNested(L2Scene.Unpaged);
            }
        };
        turns(10);
        long before = GC.GetAllocatedBytesForCurrentThread();
        turns(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void EptPointersAreSwitchedAmongKeptRoots()
    {
        using L2Scene scene = new();
        ulong[] pointers = new ulong[4];
        for (int i = 0; i < pointers.Length; i++)
        {
            scene.Root = i == 0 ? scene.Root : scene.NewTable();
            _ = scene.Map(Address, 0x5000 + ((ulong)i << 12), RW);
            pointers[i] = scene.EptPointer;
        }

        scene.Enter();
        foreach (ulong pointer in pointers)
        {
            Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.SwitchEptPointer(pointer));
            scene.Reaches(Address, OracleKind.Read, 0x5000 + ((ulong)Array.IndexOf(pointers, pointer) << 12));
        }

        int violations = scene.Processor.Violations;
        Assert.Empty(scene.FlushesOf(() =>
        {
            foreach (ulong pointer in pointers)
            {
                Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.SwitchEptPointer(pointer));
                scene.Reaches(Address, OracleKind.Read, 0x5000 + ((ulong)Array.IndexOf(pointers, pointer) << 12));
            }
        }));
        Assert.Equal(violations, scene.Processor.Violations);

        // Memory type, levels, reserved bits, bits above MAXPHYADDR.
        foreach (ulong wrong in (ulong[])[pointers[0] ^ 1, pointers[0] & ~0x38UL, pointers[0] | 0x80, pointers[0] | (1UL << 46)])
        {
            Assert.Equal(ControlStateStatus.EptPointerInvalid, scene.Vcpu.SwitchEptPointer(wrong));
        }

        scene.Reaches(Address, OracleKind.Read, 0x8000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void InveptDropsTheRootsOfItsPointerAlone(bool onePointer)
    {
        using L2Scene scene = new();
        ulong first = scene.Root;
        ulong firstLeaf = scene.Map(Address, 0x5000, RW);
        scene.Root = scene.NewTable();
        ulong second = scene.Root;
        ulong secondLeaf = scene.Map(Address, 0x5000, RW);
        foreach (ulong root in (ulong[])[first, second])
        {
            scene.Root = root;
            scene.Enter();
            scene.Reaches(Address, OracleKind.Write, 0x5000);
            scene.Leave();
        }

        // L1's stores to its lowest tables are not seen until it says so.
        scene.Store(firstLeaf, 0x6000 | RW | WriteBack);
        scene.Store(secondLeaf, 0x6000 | RW | WriteBack);
        Assert.Equal(InvalidateStatus.InvalidOperand, scene.Vcpu.InvalidateEpt(0, first | 0x1E));
        Assert.Equal(InvalidateStatus.InvalidOperand, scene.Vcpu.InvalidateEpt(3, first | 0x1E));
        Assert.Equal(InvalidateStatus.InvalidOperand, scene.Vcpu.InvalidateEpt(1, first | 0x1F));
        Assert.Equal(InvalidateStatus.InvalidOperand, scene.Vcpu.InvalidateEpt(1, first | 0x1E, reserved: 1));
        Reaches(scene, first, 0x5000);
        Reaches(scene, second, 0x5000);

        // Bit 6 of the pointer does not matter: translations belong to the address.
        Assert.Equal(InvalidateStatus.Done, scene.Vcpu.InvalidateEpt(onePointer ? 1UL : 2, onePointer ? first | 0x5E : 0));
        Assert.Contains("flush 0 CurrentRoot", scene.FlushesOf(() => Reaches(scene, first, 0x6000)));
        Assert.Equal(onePointer, scene.FlushesOf(() => Reaches(scene, second, onePointer ? 0x5000UL : 0x6000)).Count == 0);
    }

    [Fact]
    public void AnInjectedViolationDropsWhatIsKeptOfItsAddress()
    {
        using L2Scene scene = new();
        ulong leaf = scene.Map(Address, 0x5000, R);
        ulong neighbour = scene.Map(Address + L2Scene.Page, 0x7000, R);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Read, 0x5000);
        scene.Reaches(Address + L2Scene.Page, OracleKind.Read, 0x7000);
        scene.Store(leaf, 0x6000 | R | WriteBack);
        scene.Store(neighbour, 0x8000 | R | WriteBack);
        scene.Reaches(Address, OracleKind.Read, 0x5000);
        scene.Exits(Address, OracleKind.Write, 0x18A);
        scene.Reaches(Address, OracleKind.Read, 0x6000);
        scene.Reaches(Address + L2Scene.Page, OracleKind.Read, 0x7000);
    }

    [Fact]
    public void TablesOfNptAreInStepUnderAnotherAsidAndAfterAFlush()
    {
        using L2Scene scene = new(ept: false);
        ulong leaf = scene.Map(Address, 0x5000, L2Scene.NptOpen);
        scene.Enter(new NestedTag(1));
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        ulong page = 0x5000;
        Action<NestedTag, bool> turn = (tag, inStep) =>
        {
            scene.Leave();
            scene.Store(leaf, (page + 0x1000) | L2Scene.NptOpen);
            scene.Enter(tag);
            page = inStep ? page + 0x1000 : page;
            scene.Reaches(Address, OracleKind.Write, page);
        };
        turn(new NestedTag(1), false);
        turn(new NestedTag(2), true);
        turn(new NestedTag(2), false);
        turn(new NestedTag(2, Flush: true), true);
        scene.Leave();
        scene.Store(leaf, (page + 0x1000) | L2Scene.NptOpen);
        scene.Vcpu.InvalidatePage(new Gva(0x1234_5000), asid: 3);
        scene.Enter(new NestedTag(2));
        scene.Reaches(Address, OracleKind.Write, page);
        scene.Leave();
        scene.Vcpu.InvalidatePage(new Gva(0x1234_5000), asid: 2);
        scene.Enter(new NestedTag(2));
        scene.Reaches(Address, OracleKind.Write, page + 0x1000);
    }

    [Fact]
    public void WithoutAVpidEntryAndExitDropAllTranslations()
    {
        using L2Scene scene = new();
        _ = scene.Map(Address, 0x5000, RW);
        scene.Enter(new NestedTag(0));
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        scene.Leave();
        Assert.Contains("flush 0 CurrentRoot", scene.FlushesOf(() => L2Scene.Run(scene.Vcpu)));
        scene.Enter(new NestedTag(0));
        Assert.Contains("flush 0 CurrentRoot", scene.FlushesOf(() => L2Scene.Run(scene.Vcpu)));
    }

    [Theory]
    [InlineData(0UL, 7UL, 0x4000UL, InvalidateStatus.Done, "flush 0 Page 0x4000")]
    [InlineData(1UL, 7UL, 0UL, InvalidateStatus.Done, "flush 0 All")]
    [InlineData(2UL, 0UL, 0UL, InvalidateStatus.Done, "flush 0 All")]
    [InlineData(3UL, 7UL, 0UL, InvalidateStatus.Done, "flush 0 All")]
    [InlineData(4UL, 7UL, 0UL, InvalidateStatus.InvalidOperand, null)]
    [InlineData(1UL, 0UL, 0UL, InvalidateStatus.InvalidOperand, null)]
    [InlineData(1UL, 0x1_0007UL, 0UL, InvalidateStatus.InvalidOperand, null)]
    [InlineData(0UL, 7UL, 0x1000_0000_0000_0000UL, InvalidateStatus.InvalidOperand, null)]
    public void InvvpidFlushesWhatItNames(ulong type, ulong descriptor, ulong address, InvalidateStatus status, string? flush)
    {
        using L2Scene scene = new();
        _ = scene.Map(Address, 0x5000, RW);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        scene.Leave();
        _ = L2Scene.Run(scene.Vcpu);
        Assert.Equal(status, scene.Vcpu.InvalidateVpid(type, descriptor, new Gva(address)));
        Assert.Equal(flush is null ? [] : [flush], scene.FlushesOf(() => L2Scene.Run(scene.Vcpu)));

        // Translations of EPT are not of a VPID: they stay.
        int violations = scene.Processor.Violations;
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        Assert.Equal(violations, scene.Processor.Violations);
    }

    [Fact]
    public void WhatIsOwedToARootThatIsLeftBehindIsOwedToAll()
    {
        using L2Scene scene = new(onTdp: false);
        _ = scene.Map(Address, 0x5000, RW);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        scene.Leave();
        _ = L2Scene.Run(scene.Vcpu);
        scene.Vcpu.InvalidatePage(new Gva(0x3000));
        scene.Enter();
        Assert.Equal(["flush 0 All"], scene.FlushesOf(() => L2Scene.Run(scene.Vcpu)));
    }

    [Fact]
    public void WhatL1OwesItsOwnTablesIsDoneWhenItComesBack()
    {
        using L2Scene scene = new(onTdp: false);
        _ = scene.Map(Address, 0x5000, RW);
        ControlState paged = Guest(scene, out ulong leaf);
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.SetControlState(paged));
        Touch(scene);
        scene.Store(leaf, 0x7067);

        // MOV to CR3, and a VM entry before anything has run on it.
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.LoadCr3(paged.Cr3));
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.LeaveNested(paged));
        _ = L2Scene.Run(scene.Vcpu);
        Span<ulong> entries = stackalloc ulong[5];
        int count = scene.Vcpu.GetWalk(new Gva(0x40_0000), entries);
        Assert.NotEqual(0, count);
        Assert.NotEqual((ulong)scene.HostOf(0x6000), entries[count - 1] & 0x000F_FFFF_FFFF_F000);
        scene.Audit();
    }

    [Fact]
    public void AnL2WithoutNestedPagingHasRootsOfItsOwn()
    {
        using L2Scene scene = new(onTdp: false);
        ControlState paged = Guest(scene, out ulong leaf);
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.SetControlState(paged));
        Touch(scene);
        RunState own = L2Scene.Run(scene.Vcpu);
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.EnterNested(paged, new NestedTag(3)));
        Touch(scene);
        RunState l2 = L2Scene.Run(scene.Vcpu);
        Assert.NotEqual(own, l2);
        Assert.Equal(RootKind.Linear, l2.Kind);
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.LeaveNested(paged));
        Assert.Equal(own, L2Scene.Run(scene.Vcpu));
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.EnterNested(paged, new NestedTag(3)));
        Assert.Equal(l2, L2Scene.Run(scene.Vcpu));
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.LeaveNested(paged));

        // L1's INVLPG concerns its own translations, INVVPID those of its guest.
        scene.Store(leaf, 0x7067);
        scene.Vcpu.InvalidatePage(new Gva(0x40_0000));
        Assert.Equal(0UL, LeafFrame(scene));
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.EnterNested(paged, new NestedTag(3)));
        Assert.Equal((ulong)scene.HostOf(0x6000), LeafFrame(scene));
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.LeaveNested(paged));
        Assert.Equal(InvalidateStatus.Done, scene.Vcpu.InvalidateVpid(1, 3, default));
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.EnterNested(paged, new NestedTag(3)));
        _ = L2Scene.Run(scene.Vcpu);
        Assert.NotEqual((ulong)scene.HostOf(0x6000), LeafFrame(scene));
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.LeaveNested(paged));
    }

    [Fact]
    public void TheSoftwareTlbKeepsL1AndItsGuestsApartAndDropsThemByName()
    {
        // Each guest under an address of its own: one entry holds one translation, whoever's it is.
        const ulong own = 0x4000, first = 0x3000, second = 0x6000;
        using L2Scene scene = new();
        foreach (ulong address in (ulong[])[own, first, second])
        {
            _ = scene.Map(address, address + 0x8000, 7);
        }

        SoftTlb tlb = scene.Vcpu.SoftTlb;

        // The first root guards L1's tables, which empties every software TLB.
        scene.Enter(new NestedTag(1));
        _ = L2Scene.Run(scene.Vcpu);
        scene.Leave();
        Assert.Equal(scene.HostOf(own), Look(scene, tlb, own));
        scene.Enter(new NestedTag(1));
        Assert.False(IsThere(scene, tlb, own));
        Assert.Equal(scene.HostOf(first + 0x8000), Look(scene, tlb, first));
        scene.Leave();
        Assert.True(IsThere(scene, tlb, own));
        Assert.False(IsThere(scene, tlb, first));
        scene.Enter(new NestedTag(2));
        Assert.False(IsThere(scene, tlb, first));
        Assert.Equal(scene.HostOf(second + 0x8000), Look(scene, tlb, second));
        scene.Leave();

        // One VPID.
        Assert.Equal(InvalidateStatus.Done, scene.Vcpu.InvalidateVpid(1, 1, default));
        Assert.True(IsThere(scene, tlb, own));
        scene.Enter(new NestedTag(1));
        Assert.False(IsThere(scene, tlb, first));
        scene.Leave();
        scene.Enter(new NestedTag(2));
        Assert.True(IsThere(scene, tlb, second));
        scene.Leave();

        // Another pointer, then this one.
        Assert.Equal(InvalidateStatus.Done, scene.Vcpu.InvalidateEpt(1, scene.NewTable() | 0x1E));
        scene.Enter(new NestedTag(2));
        Assert.True(IsThere(scene, tlb, second));
        scene.Leave();
        Assert.Equal(InvalidateStatus.Done, scene.Vcpu.InvalidateEpt(1, scene.EptPointer));
        Assert.True(IsThere(scene, tlb, own));
        scene.Enter(new NestedTag(2));
        Assert.False(IsThere(scene, tlb, second));
        scene.Leave();
    }

    [Fact]
    public void WhatTheVmCannotDoIsRefusedByName()
    {
        using L2Scene scene = new();
        Assert.Throws<InvalidOperationException>(() => scene.Vcpu.LeaveNested(L2Scene.Unpaged));
        Assert.Throws<InvalidOperationException>(() => scene.Vcpu.EnterNested(L2Scene.Unpaged, scene.Npt, default));
        ArgumentException width = Assert.Throws<ArgumentException>(() => scene.Vcpu.EnterNested(L2Scene.Unpaged, scene.Ept with { PhysicalAddressBits = 40 }));
        Assert.Contains("PhysicalAddressBits", width.Message, StringComparison.Ordinal);
        Assert.Equal(ControlStateStatus.EptPointerInvalid, scene.Vcpu.EnterNested(L2Scene.Unpaged, scene.Ept with { EptPointer = 5 }));
        Assert.False(scene.Vcpu.InNestedGuest);
        scene.Enter();
        Assert.Throws<InvalidOperationException>(() => scene.Vcpu.InvalidateEpt(2, 0));
        Assert.Throws<InvalidOperationException>(() => scene.Vcpu.EnterNested(L2Scene.Unpaged, default(NestedTag)));
        using L2Scene plain = new(format: TdpFormat.EptNoAccessedDirty);
        plain.AccessedDirty = true;
        Assert.Equal(
            ControlStateStatus.EptPointerInvalid, plain.Vcpu.EnterNested(L2Scene.Unpaged, plain.Ept with { EptPointer = plain.EptPointer }));
    }

    private static void Reaches(L2Scene scene, ulong root, ulong page)
    {
        scene.Root = root;
        scene.Enter();
        scene.Reaches(Address, OracleKind.Read, page);
        scene.Leave();
    }

    // L1 with 4-level paging: 0x40_0000 is its page at 0x6000.
    private static ControlState Guest(L2Scene scene, out ulong leaf)
    {
        ulong[] tables = [scene.NewTable(), scene.NewTable(), scene.NewTable(), scene.NewTable()];
        scene.Word(tables[0]) = tables[1] | 0x67;
        scene.Word(tables[1]) = tables[2] | 0x67;
        scene.Word(tables[2] + 16) = tables[3] | 0x67;
        scene.Word(tables[3]) = 0x6067;
        leaf = tables[3];
        return new ControlState { Cr0 = 0x8001_0001, Cr3 = tables[0], Cr4 = 0x20, Efer = 0xD00 };
    }

    private static void Touch(L2Scene scene)
    {
        _ = L2Scene.Run(scene.Vcpu);
        FaultOutcome outcome = scene.Vcpu.HandleFault(new FaultRequest(new Gva(0x40_0000), Access.SupervisorWrite, PageFaultCode.Write), out _);
        Assert.True(outcome is FaultOutcome.Fixed or FaultOutcome.Spurious, outcome.ToString());
    }

    private static ulong LeafFrame(L2Scene scene)
    {
        Span<ulong> entries = stackalloc ulong[5];
        int count = scene.Vcpu.GetWalk(new Gva(0x40_0000), entries);
        return count == 4 && (entries[3] & 1) != 0 ? entries[3] & 0x000F_FFFF_FFFF_F000 : 0;
    }

    private static nuint Look(L2Scene scene, SoftTlb tlb, ulong address)
    {
        _ = scene.Vcpu.BeginRun(out _);
        Assert.Equal(SoftTlbOutcome.Memory, tlb.Resolve(new Gva(address), Access.SupervisorRead, out WalkResult result));
        scene.Vcpu.EndRun();
        return result.HostAddress;
    }

    private static bool IsThere(L2Scene scene, SoftTlb tlb, ulong address)
    {
        _ = scene.Vcpu.BeginRun(out _);
        bool found = tlb.TryGet(new Gva(address), Access.SupervisorRead, out _);
        scene.Vcpu.EndRun();
        return found;
    }
}
