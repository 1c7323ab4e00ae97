// The software TLB of a vCPU that runs L1 and several L2.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Vm;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Nested;

public sealed class SoftTlbTests
{
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
