// What L2 writes is logged: in the log of L1's memory, and in the page-modification log that L1 gave it.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Oracle;
using Mmu.Vm;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Nested;

public sealed class DirtyLogTests
{
    private const ulong Address = (1UL << 30) | (1UL << 21) | (9UL << 12);
    private const ulong Everything = ulong.MaxValue;
    private const ulong A = 1UL << 8, D = 1UL << 9;

    // Bugs 6 and 9: how pages of L2 are logged follows from their tables, not from what L1's use.
    [Theory]
    [InlineData(true, false, false)]
    [InlineData(true, true, false)]
    [InlineData(true, true, true)]
    [InlineData(true, false, true)]
    [InlineData(false, false, false)]
    [InlineData(false, false, true)]
    public void WhatL2WritesIsInTheLogOfL1sMemory(bool ept, bool accessedDirty, bool pml)
    {
        using L2Scene scene = new(ept, pml: pml) { AccessedDirty = accessedDirty };
        ulong open = ept ? 7UL : L2Scene.NptOpen;
        _ = scene.Map(Address, 0x5000, open);
        _ = scene.Map(Address + 0x1000, 0x6000, open);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        scene.Reaches(Address + 0x1000, OracleKind.Write, 0x6000);
        using DirtyLogSession log = scene.Vm.StartDirtyLog(new Gpa(0));
        ulong[] bits = new ulong[L2Scene.RamPages / 64];
        Take(scene, log, bits);
        Take(scene, log, bits);
        Assert.Equal(0UL, bits[0] & 0x60);
        scene.Reaches(Address, OracleKind.Read, 0x5000);
        scene.Reaches(Address + 0x1000, OracleKind.Write, 0x6000);
        Take(scene, log, bits);
        Assert.Equal(0x40UL, bits[0] & 0x60);
        scene.Audit();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        Take(scene, log, bits);
        Assert.Equal(0x20UL, bits[0] & 0x60);
    }

    [Fact]
    public void AfterAgeingTheLogStillAsksForAFlush()
    {
        using L2Scene scene = new(onTdp: false);
        _ = scene.Map(Address, 0x5000, 7);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        Assert.True(scene.Vm.Age(new Gpa(0x5000), 0x1000));

        // The rights are gone from the table, not from the TLB: no flush is owed for that alone.
        SlotRecord slot = scene.Vm.Core.Slots[0].Find(5)!;
        using (MmuWriteGuard held = scene.Vm.Core.Lock.Enter())
        {
            Assert.True(scene.Vm.EngineSet.WriteProtect(shared: false, slot, 5, 6, minimumLevel: 1));
        }

        scene.Reaches(Address, OracleKind.Write, 0x5000);
        Assert.True(scene.Vm.TestAge(new Gpa(0x5000), 0x1000));
    }

    // What tells a page of EPT that may be written lies elsewhere than in legacy entries.
    [Theory]
    [InlineData(true, false, 3UL)]
    [InlineData(true, true, 3UL)]
    [InlineData(true, true, 7UL)]
    [InlineData(false, false, L2Scene.NptOpen)]
    public void AWritablePageAsksForAFlushWhateverElseItAllows(bool ept, bool accessedDirty, ulong rights)
    {
        using L2Scene scene = new(ept, onTdp: false) { AccessedDirty = accessedDirty };
        _ = scene.Map(Address, 0x5000, rights);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        SlotRecord slot = scene.Vm.Core.Slots[0].Find(5)!;
        using MmuWriteGuard held = scene.Vm.Core.Lock.Enter();
        Assert.True(scene.Vm.EngineSet.WriteProtect(shared: false, slot, 5, 6, minimumLevel: 1));
        Assert.False(scene.Vm.EngineSet.WriteProtect(shared: false, slot, 6, 7, minimumLevel: 1));
    }

    [Fact]
    public void PagesThatL2MakesDirtyAreInL1sLogUntilThatIsFull()
    {
        const ulong log = 0x30_0000;
        using L2Scene scene = new() { AccessedDirty = true };
        scene.Ept = scene.Ept with { LogAddress = log };
        ulong leaf = scene.Map(Address, 0x5000, 7);
        ulong other = scene.Map(Address + 0x1000, 0x6000, 7);
        scene.Vcpu.NestedLogIndex = 1;
        scene.Enter();
        scene.Reaches(Address, OracleKind.Read, 0x5000);
        Assert.Equal((ushort)1, scene.Vcpu.NestedLogIndex);
        scene.Reaches(Address | 0x18, OracleKind.Write, 0x5018);
        Assert.Equal(Address, scene.Word(log + 8));
        Assert.Equal((ushort)0, scene.Vcpu.NestedLogIndex);
        scene.Reaches(Address | 0x18, OracleKind.Write, 0x5018);
        Assert.Equal((ushort)0, scene.Vcpu.NestedLogIndex);

        // The walker, too, on behalf of an emulator: L2 with paging off.
        Assert.True(scene.Vcpu.Walker.Translate(new Gva(Address + 0x1000), Access.SupervisorWrite, out _));
        Assert.Equal(Address + 0x1000, scene.Word(log));
        Assert.Equal(ushort.MaxValue, scene.Vcpu.NestedLogIndex);
        scene.Store(leaf, scene.Word(leaf) & ~D);
        scene.Flush();
        NestedOutcome full = scene.Access2(Address, OracleKind.Write);
        Assert.Equal(FaultOutcome.Inject, full.Answer);
        Assert.Equal(WalkOutcome.ModificationLogFull, full.Result.Walk.Outcome);
        Assert.Equal(0UL, scene.Word(leaf) & D);
        scene.Vcpu.NestedLogIndex = 511;
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        Assert.Equal(Address, scene.Word(log + (511 * 8)));
        Assert.Equal(A | D, scene.Word(other) & (A | D));
    }

    private static void Take(L2Scene scene, DirtyLogSession log, ulong[] bits)
    {
        Array.Clear(bits);
        _ = log.Harvest(bits);
        Assert.NotEqual(Everything, bits[0]);
        _ = L2Scene.Run(scene.Vcpu);
    }
}
