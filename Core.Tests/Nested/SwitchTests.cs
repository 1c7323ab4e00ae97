// Entering and leaving L2, and switching its EPT pointer: roots are exchanged and kept.
using System;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Oracle;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Nested;

public sealed class SwitchTests
{
    private const ulong Address = (1UL << 30) | (1UL << 21) | (9UL << 12);
    private const ulong RW = 3;

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
}
