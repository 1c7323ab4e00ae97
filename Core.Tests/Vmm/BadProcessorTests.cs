// Tests of `mmu run`: what cannot be run is one line and exit code 2, and nothing is left running. Processors that are not there are skipped.
using System;
using Mmu.Vmm.Images;
using Mmu.Vmm.Run;
using Mmu.Vmm.Run.Compare;
using Mmu.Vmm.Run.Guests;
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
    [InlineData(ProcessorKind.Model, "long4", "hang", "has not come to its end natively within 1 s")]
    [InlineData(ProcessorKind.Model, "pae", "triple-fault", "triple fault")]
    [InlineData(ProcessorKind.Model, "bits32", "triple-fault", "triple fault")]
    [InlineData(ProcessorKind.Kvm, "long4", "hang", "has not come to its end natively within 1 s")]
    [InlineData(ProcessorKind.Kvm, "long4", "triple-fault", "triple fault")]
    [InlineData(ProcessorKind.Qemu, "long4", "hang", "has not come to its end natively within 1 s")]
    [InlineData(ProcessorKind.Qemu, "long4", "triple-fault", "triple fault")]
    [InlineData(ProcessorKind.Qemu, "pae", "triple-fault", "triple fault")]
    [InlineData(ProcessorKind.Qemu, "bits32", "hang", "has not come to its end natively within 1 s")]
    internal void GuestWithABadEndIsOneLine(ProcessorKind kind, string mode, string ending, string reason)
    {
        Require(kind);
        using var mmu = new MmuProcess(
            null, "run", "--cpu", kind.ToString().ToLowerInvariant(), "--mode", mode, "--steps", "50", "--ending", ending, "--timeout", "1");
        mmu.End().AssertRefused(reason);
        mmu.AssertNothingIsLeft();
    }

    [Theory]
    [InlineData(ProcessorKind.Model)]
    [InlineData(ProcessorKind.Kvm)]
    [InlineData(ProcessorKind.Qemu)]
    internal void GuestWithABadEndIsStoppedOnShadowTablesToo(ProcessorKind kind)
    {
        Require(kind);
        foreach (RunMode mode in kind == ProcessorKind.Kvm ? [RunMode.Long4] : RunMode.All)
        {
            var options = new StressOptions(2, 16, 50, 1) { Mode = mode };
            GuestException hangs = Assert.Throws<GuestException>(
                () => Shadowed.Run(kind, options with { Ending = StressEnding.Hang }, TimeSpan.FromSeconds(2), null));
            Assert.Contains("has not come to its end on shadow tables within 2 s", hangs.Message, StringComparison.Ordinal);
            GuestException faults = Assert.Throws<GuestException>(
                () => Shadowed.Run(kind, options with { Ending = StressEnding.TripleFault }, TimeSpan.FromSeconds(20), null));
            Assert.Contains("the guest triple-faults at 0x", faults.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ModelStopsAfterItsInstructions()
    {
        CommandRun run = CommandRun.Of("run", "--cpu", "model", "--steps", "50", "--ending", "hang", "--instructions", "100000");
        run.AssertRefused("it has executed 100000 instructions, all that it may (--instructions)");

        // Without a number the budget grows with the steps, and no guest that ends meets it.
        CommandRun.Of("run", "--cpu", "model", "--steps", "50", "--ending", "hang").AssertRefused("it has executed 100100000 instructions");
        CommandRun.Of("run", "--cpu", "qemu", "--instructions", "5").AssertRefused("--instructions 5 takes --cpu model");
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
