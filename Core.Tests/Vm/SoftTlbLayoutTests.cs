// The layout of the software TLB that docs/soft-tlb.md promises, and a probe written after that page alone.
using System.Runtime.InteropServices;
using Mmu.Architecture;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Vm;

public sealed class SoftTlbLayoutTests
{
    private const ulong Missed = 0;

    [Fact]
    public void OffsetsAreAsDocumented()
    {
        Assert.Equal(0, SoftTlbLayout.GenerationOffset);
        Assert.Equal(64, SoftTlbLayout.SmallOffset);
        Assert.Equal(10, SoftTlbLayout.SmallBits);
        Assert.Equal(0x8000, SoftTlbLayout.SmallStride);
        Assert.Equal(0x2_0040, SoftTlbLayout.LargeOffset);
        Assert.Equal(7, SoftTlbLayout.LargeBits);
        Assert.Equal(0x1000, SoftTlbLayout.LargeStride);
        Assert.Equal(0x2_4040, SoftTlbLayout.TotalBytes);
        Assert.Equal(32, SoftTlbLayout.EntryBytes);
        Assert.Equal(24, SoftTlbLayout.BiasOffset);
        Assert.Equal(4, SoftTlbLayout.Spaces);
    }

    [Fact]
    public void AProbeOfTheMemoryFindsWhatTryGetFinds()
    {
        using SoftTlbScene scene = new();
        scene.Enter();
        Assert.Equal(0UL, scene.Tlb.Address % 4096);
        scene.Fill(SoftTlbScene.Page, Access.UserWrite);
        scene.Fill(SoftTlbScene.Page, Access.UserFetch);
        scene.Fill(SoftTlbScene.LargePage, new Access(AccessKind.Read, AccessFlags.AlignmentCheck));
        scene.Fill(SoftTlbScene.LargePage, Access.SupervisorFetch);
        nint tlb = (nint)scene.Tlb.Address;

        Assert.Equal(scene.HostOf(SoftTlbScene.Data + 0x10), Probe(tlb, SoftTlbScene.Page + 0x10, size: 8, space: 1, kind: 0));
        Assert.Equal(scene.HostOf(SoftTlbScene.Data + 0x10), Probe(tlb, SoftTlbScene.Page + 0x10, size: 8, space: 1, kind: 1));
        Assert.Equal(scene.HostOf(SoftTlbScene.Data + 0xFF8), Probe(tlb, SoftTlbScene.Page + 0xFF8, size: 8, space: 1, kind: 2));
        Assert.Equal(Missed, Probe(tlb, SoftTlbScene.Page + 0xFF9, size: 8, space: 1, kind: 2));
        Assert.Equal(Missed, Probe(tlb, SoftTlbScene.Page, size: 8, space: 0, kind: 0));
        Assert.Equal(Missed, Probe(tlb, SoftTlbScene.Page, size: 8, space: 3, kind: 0));
        Assert.Equal(scene.HostOf(SoftTlbScene.Data + 0x1_2345), ProbeLarge(tlb, SoftTlbScene.LargePage + 0x1_2345, size: 4, space: 2, kind: 0));
        Assert.Equal(scene.HostOf(SoftTlbScene.Data + 0x1_2345), ProbeLarge(tlb, SoftTlbScene.LargePage + 0x1_2345, size: 4, space: 0, kind: 2));
        Assert.Equal(Missed, ProbeLarge(tlb, SoftTlbScene.LargePage, size: 4, space: 0, kind: 1));
        scene.Vcpu.EndRun();
    }

    private static ulong Probe(nint tlb, ulong gva, ulong size, int space, int kind)
    {
        ulong generation = (ulong)Marshal.ReadInt64(tlb);
        nint entry = tlb + 64 + (space * 0x8000) + (nint)(gva >> 7 & 0x7FE0);
        ulong tag = ((gva + size - 1) & ~0xFFFUL) | generation;
        return (ulong)Marshal.ReadInt64(entry + (8 * kind)) == tag ? gva + (ulong)Marshal.ReadInt64(entry + 24) : Missed;
    }

    private static ulong ProbeLarge(nint tlb, ulong gva, ulong size, int space, int kind)
    {
        ulong generation = (ulong)Marshal.ReadInt64(tlb);
        nint entry = tlb + 0x2_0040 + (space * 0x1000) + (nint)(gva >> 16 & 0xFE0);
        ulong tag = ((gva + size - 1) & ~0x1F_FFFFUL) | generation;
        return (ulong)Marshal.ReadInt64(entry + (8 * kind)) == tag ? gva + (ulong)Marshal.ReadInt64(entry + 24) : Missed;
    }
}
