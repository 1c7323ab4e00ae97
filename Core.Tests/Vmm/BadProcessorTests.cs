// Tests of `mmu run`: what cannot be run is one line and exit code 2, and nothing is left running. Processors that are not there are skipped.
using System;
using Mmu.Vmm.Images;
using Mmu.Vmm.Run;
using Mmu.Vmm.Run.Compare;
using Mmu.Vmm.Run.Processors;
using Mmu.Vmm.Run.Processors.Kvm;
using Mmu.Vmm.Run.Processors.Qemu;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class BadProcessorTests
{
    private const ulong GuestBytes = CompareLayout.MemoryBytes;

    [Fact]
    public void QemuThatIsNotInPathIsRefused()
    {
        using var mmu = new MmuProcess("/nowhere", "run", "--cpu", "qemu");
        mmu.End().AssertRefused("qemu-system-x86_64: cannot be started: it is not in PATH");
        mmu.AssertNothingIsLeft();
    }

    [Fact]
    public void KvmThatIsNotThereIsRefused()
    {
        using HostMemory memory = HostMemory.Create(GuestBytes, shared: false);
        InputException e = Assert.Throws<InputException>(() => new KvmProcessor(memory, "/no/such/device"));
        Assert.StartsWith("/no/such/device: cannot be opened: ", e.Message, StringComparison.Ordinal);
        if (!KvmProcessor.IsThere())
        {
            CommandRun.Of("run", "--cpu", "kvm").AssertRefused($"{KvmProcessor.Device}: cannot be opened");
        }
    }

    [Theory]
    [InlineData(false, "of free memory")]
    [InlineData(true, "of free memory")]
    public void MoreMemoryThanThereIsIsRefused(bool shared, string reason)
    {
        InputException e = Assert.Throws<InputException>(() => HostMemory.Create(1UL << 50, shared));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("model")]
    [InlineData("kvm")]
    [InlineData("qemu")]
    public void GuestThatAsksForMoreThanItCanHaveIsRefused(string cpu) => CommandRun.Of("run", "--cpu", cpu, "--processes", "64", "--pages", "32768")
        .AssertRefused("it can have 960 MiB: ask for fewer processes or pages");

    [Theory]
    [InlineData(ProcessorKind.Model)]
    [InlineData(ProcessorKind.Kvm)]
    [InlineData(ProcessorKind.Qemu)]
    internal void TripleFaultIsTheEnd(ProcessorKind kind)
    {
        Require(kind);
        using Bench bench = Bench.Create(kind, GuestBytes);

        // Natively: no page is mapped, so no handler either.
        bench.Processor.Flush(FlushRegion.Guests, bench.Processor.FlushMethods[^1]);
        var state = new ProcessorState { Cr3 = HostLayout.GuestMemory, Cr4 = 0x20, Descriptors = bench.Window.Descriptors, Rip = 0x1000, Flags = 2 };
        bench.Processor.Start(state, []);
        RunEvent end = bench.Processor.Run(TimeSpan.FromSeconds(20));
        Assert.Equal(RunEventKind.Dead, end.Kind);
        Assert.Contains("triple fault", end.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ProcessorKind.Model)]
    [InlineData(ProcessorKind.Kvm)]
    [InlineData(ProcessorKind.Qemu)]
    internal void TripleFaultOnShadowTablesIsOneLine(ProcessorKind kind)
    {
        Require(kind);
        using Bench bench = Bench.Create(kind, GuestBytes);
        using var machine = new ShadowMachine(bench.Memory, bench.Processor, bench.Window, bench.Flush);
        machine.Start(new ProcessorState { Cr3 = HostLayout.GuestMemory, Cr4 = 0x20, Rip = 0x1000, Flags = 2 }, []);
        var runner = new ShadowRunner(machine, bench.Processor, new Descriptors(0x2000), _ => { });
        GuestException e = Assert.Throws<GuestException>(() => runner.Run(TimeSpan.FromSeconds(20)));
        Assert.Contains("triple-faults at 0x1000", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData(ProcessorKind.Model)]
    [InlineData(ProcessorKind.Kvm)]
    [InlineData(ProcessorKind.Qemu)]
    internal void GuestThatHangsIsStopped(ProcessorKind kind)
    {
        Require(kind);
        using var mmu = new MmuProcess(
            null, "run", "--cpu", kind.ToString().ToLowerInvariant(), "--steps", "2000000000", "--timeout", "1");
        mmu.End().AssertRefused("has not come to its end natively within 1 s");
        mmu.AssertNothingIsLeft();
    }

    [Theory]
    [InlineData("KILL")]
    [InlineData("TERM")]
    public void SignalLeavesNothingRunning(string signal)
    {
        Require(ProcessorKind.Qemu);
        using var mmu = new MmuProcess(null, "run", "--cpu", "qemu", "--steps", "2000000000");
        mmu.WaitForQemu();
        mmu.Signal(signal);
        mmu.AssertNothingIsLeft();
    }

    private static void Require(ProcessorKind kind) => Assert.SkipUnless(
        kind switch { ProcessorKind.Kvm => KvmProcessor.IsThere(), ProcessorKind.Qemu => QemuProcessor.IsThere(), _ => true },
        $"The processor {kind} is not there: nothing was run on it.");
}
