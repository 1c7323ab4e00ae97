// Host frames on demand: the VMM's answers, judged.
using System;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Guest;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Common;

public sealed class FrameResolutionTests : IDisposable
{
    private readonly TestHost _host = new();
    private readonly GuardedPages _memory = new(4);
    private readonly MmuVm _vm;

    public FrameResolutionTests()
    {
        MmuVmOptions options = new() { TablePages = 64, HostPhysicalAddressBits = 40, FirstTableFrame = new Pfn(0x100) };
        _vm = MmuVm.CreateWithAnyEngine(options, _host);
        _vm.AddSlot(new MemorySlot(new Gpa(0x4000), 0x4000, _memory.Address, new Pfn(0x1000), SlotFlags.Resolved));
    }

    [Fact]
    public void OnlySlotsThatSayItAreAskedFor()
    {
        Assert.True(FrameResolution.IsNeeded(_vm.Core, 0, new Gfn(4)));
        Assert.True(FrameResolution.IsNeeded(_vm.Core, 0, new Gfn(7)));
        Assert.False(FrameResolution.IsNeeded(_vm.Core, 0, new Gfn(3)));
        Assert.False(FrameResolution.IsNeeded(_vm.Core, 0, new Gfn(8)));
        Assert.False(FrameResolution.IsNeeded(_vm.Core, 1, new Gfn(4)));
        _vm.RemoveSlot(new Gpa(0x4000));
        Assert.Equal(0, _vm.Core.ResolvedSlots);
    }

    [Theory]
    [InlineData(ResolvedKind.Present, false, FaultOutcome.None, true)]
    [InlineData(ResolvedKind.Present, true, FaultOutcome.None, true)]
    [InlineData(ResolvedKind.ReadOnly, false, FaultOutcome.None, false)]
    [InlineData(ResolvedKind.ReadOnly, true, FaultOutcome.Emulate, false)]
    [InlineData(ResolvedKind.NotYet, false, FaultOutcome.NotYet, false)]
    [InlineData(ResolvedKind.Poisoned, false, FaultOutcome.Poisoned, false)]
    [InlineData(ResolvedKind.Mmio, false, FaultOutcome.Mmio, false)]
    public void AnswersBecomeOutcomes(ResolvedKind kind, bool write, FaultOutcome expected, bool writable)
    {
        _host.OnResolve = (_, _) => new ResolvedFrame(kind, new Pfn(0x7777), 99);
        FaultResult result = default;
        Assert.Equal(expected, FrameResolution.Resolve(_vm.Core, new Gfn(5), write, ref result, out FrameTicket ticket));
        Assert.Equal(writable, ticket.Writable);
        Assert.Equal(kind == ResolvedKind.NotYet ? 99UL : 0, result.Token);
        Assert.False(_vm.Core.Sequence.IsStale(ticket.Sequence, 5));
    }

    [Fact]
    public void AnAnswerFromBeforeAnUnmappingIsStale()
    {
        _host.OnResolve = (_, _) => new ResolvedFrame(ResolvedKind.Present, new Pfn(0x7777), 0);
        FaultResult result = default;
        Assert.Equal(FaultOutcome.None, FrameResolution.Resolve(_vm.Core, new Gfn(5), write: false, ref result, out FrameTicket ticket));
        _vm.UnmapRange(new Gpa(0x5000), 0x1000);
        Assert.True(_vm.Core.Sequence.IsStale(ticket.Sequence, 5));
    }

    /// <summary>Bug 12: a token of 0 would name nothing that could be waited for.</summary>
    [Theory]
    [InlineData(ResolvedKind.NotYet, 1, "token 0")]
    [InlineData(ResolvedKind.Present, 1UL << 28, "40 address bits")]
    [InlineData(ResolvedKind.ReadOnly, 1UL << 52, "40 address bits")]
    [InlineData((ResolvedKind)9, 1, "no ResolvedKind")]
    public void AnAnswerThatBreaksTheRulesThrows(ResolvedKind kind, ulong frame, string message)
    {
        _host.OnResolve = (_, _) => new ResolvedFrame(kind, new Pfn(frame), 0);
        InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(Resolve);
        Assert.Contains(message, thrown.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _vm.Dispose();
        _memory.Dispose();
    }

    private void Resolve()
    {
        FaultResult result = default;
        _ = FrameResolution.Resolve(_vm.Core, new Gfn(5), write: true, ref result, out _);
    }
}
