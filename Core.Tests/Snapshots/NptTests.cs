// Snapshot tests: addresses of a guest inside a guest, through the nested page tables that KVM built for it.
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Snapshots;

public sealed class NptTests
{
    private readonly ITestOutputHelper _output;

    public NptTests(ITestOutputHelper output)
    {
        _output = output;
    }

    [Fact]
    public void EveryGuestFrameLeadsToItsHostFrame()
    {
        using NptSnapshot snapshot = new();
        GuestWalker walker = snapshot.UnpagedGuest();
        Assert.Equal(1536, snapshot.HostFrames.Count);
        foreach ((ulong gpa, ulong hpa) in snapshot.HostFrames)
        {
            foreach (ulong offset in (System.ReadOnlySpan<ulong>)[0, 0x123, 0xfff])
            {
                Assert.True(walker.Peek(new Gva(gpa + offset), Access.SupervisorWrite, out WalkResult result), $"{gpa:x}: {result}");
                Assert.Equal((hpa + offset, gpa + offset), (result.Gpa.Value, result.NestedGpa.Value));
            }
        }
    }

    [Fact]
    public void FramesThatKvmHasNotMappedAreNestedPageFaults()
    {
        using NptSnapshot snapshot = new();
        GuestWalker walker = snapshot.UnpagedGuest();
        for (ulong gpa = 0; gpa < 0x180_0000; gpa += 0x1000)
        {
            if (!snapshot.HostFrames.ContainsKey(gpa))
            {
                Assert.False(walker.Peek(new Gva(gpa), Access.SupervisorRead, out WalkResult result));
                Assert.Equal((WalkOutcome.NestedPageFault, FaultCause.NotPresent), (result.Outcome, result.Cause));
                Assert.Equal(gpa, result.NestedGpa.Value);

                // Final access, user, not present. AMD APM "Nested versus Guest Page Faults".
                Assert.Equal((1UL << 32) | 4, result.ExitInfo1);
            }
        }
    }

    [Fact]
    public void EveryLeafThatKvmBuiltIsTheLastEntryOfItsWalk()
    {
        using NptSnapshot snapshot = new();
        GuestWalker walker = snapshot.UnpagedGuest();
        Assert.Equal(3, NptSnapshot.KvmLeaves.Count());
        foreach ((ulong gpa, ulong entry, int level, ulong entryAddress) in NptSnapshot.KvmLeaves)
        {
            WalkStep last = walker.Explain(new Gva(gpa + 0x1000), Access.SupervisorRead).Steps[^1];
            Assert.Equal((true, level, entryAddress, entry), (last.InSecondDimension, last.Level, last.EntryAddress, last.Entry));
        }
    }

    [Fact]
    public void EveryGuestAddressGoesThroughBothDimensions()
    {
        using NptSnapshot snapshot = new();
        GuestWalker walker = snapshot.RunningGuest();
        int translated = 0;
        int refused = 0;
        foreach ((ulong gva, ulong gpa, ulong size) in snapshot.GuestLeaves())
        {
            for (ulong offset = 0; offset < size; offset += 0x1000)
            {
                bool ok = walker.Peek(new Gva(gva + offset + 0x123), Access.SupervisorRead, out WalkResult result);
                ulong? hpa = snapshot.HostOf(gpa + offset + 0x123);
                Assert.Equal(hpa, ok ? result.Gpa.Value : null);
                Assert.Equal(gpa + offset + 0x123, result.NestedGpa.Value);
                Assert.Equal(ok ? (WalkOutcome.Translated, size) : (WalkOutcome.NestedPageFault, 0), (result.Outcome, result.PageBytes));
                translated += ok ? 1 : 0;
                refused += ok ? 0 : 1;
            }
        }

        _output.WriteLine($"{translated} pages translated through both dimensions, {refused} nested page faults");
        Assert.True(translated > 1000 && refused > 1000, $"{translated} translated, {refused} refused");
    }

    [Fact]
    public void WalkReadsTheEntriesThatKvmsOwnWalkerRead()
    {
        // KVM's trace of KVM_TRANSLATE 600123: kvm_mmu_paging_element, level 4 to 1.
        ulong[] expected = [0x11027, 0x12027, 0x14027, 0x600067];
        using NptSnapshot snapshot = new();
        WalkExplanation walk = snapshot.RunningGuest().Explain(new Gva(0x60_0123), Access.SupervisorRead);
        Assert.Equal(expected, walk.Steps.Where(s => !s.InSecondDimension).Select(s => s.Entry));
        Assert.Equal(snapshot.HostOf(0x60_0123), walk.Result.Gpa.Value);
        Assert.Equal(0x60_0123UL, walk.Result.NestedGpa.Value);
    }

    [Fact]
    public void NestedWalkReadsAsManyEntriesAsTheManualSays()
    {
        // Four guest levels and the final access, each through the three levels of an NPT with 2M leaves: (4 + 1) × 3 + 4.
        using NptSnapshot snapshot = new();
        List<WalkStep> steps = [.. snapshot.RunningGuest().Explain(new Gva(0x60_0123), Access.SupervisorRead).Steps];
        Assert.Equal((15, 4), (steps.Count(s => s.InSecondDimension), steps.Count(s => !s.InSecondDimension)));
    }
}
