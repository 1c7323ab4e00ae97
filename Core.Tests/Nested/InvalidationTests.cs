// What L1's invalidations and its exits to L1 drop of what L2 runs on: exactly that.
using System;
using Mmu.Addressing;
using Mmu.Tests.Oracle;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Nested;

public sealed class InvalidationTests
{
    private const ulong Address = (1UL << 30) | (1UL << 21) | (9UL << 12);
    private const ulong R = 1, RW = 3, WriteBack = L2Scene.EptWriteBack;

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

    private static void Reaches(L2Scene scene, ulong root, ulong page)
    {
        scene.Root = root;
        scene.Enter();
        scene.Reaches(Address, OracleKind.Read, page);
        scene.Leave();
    }
}
