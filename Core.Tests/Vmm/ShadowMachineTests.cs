// Tests of the monitor around the Shadow MMU: its window, its flushes, and guests that cannot go on.
using System;
using System.IO;
using Mmu.Vmm.Images;
using Mmu.Vmm.Run;
using Mmu.Vmm.Run.Compare;
using Mmu.Vmm.Run.Processors;
using Mmu.Vmm.Run.Processors.Model;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class ShadowMachineTests
{
    private const ulong GuestBytes = CompareLayout.MemoryBytes;

    [Fact]
    public void RootGetsTheWindowWhateverTheGuestMapsThere()
    {
        using HostMemory memory = HostMemory.Create(GuestBytes, shared: false);
        var window = new Window(memory, RunMode.Long4);
        const ulong root = HostLayout.Arena;
        memory.Word(root + ((ulong)RunMode.Long4.WindowIndex * 8)) = HostLayout.GuestMemory | 7;
        memory.Word(root) = HostLayout.GuestMemory | 3;
        ulong copy = window.Attach(root, out bool changed);
        Assert.False(changed);
        Assert.Equal(window.RootEntry, memory.Word(copy + ((ulong)RunMode.Long4.WindowIndex * 8)));
        Assert.Equal(HostLayout.GuestMemory | 3, memory.Word(copy));

        memory.Word(root) = 0;
        Assert.Equal(copy, window.Attach(root, out changed));
        Assert.True(changed);
    }

    [Fact]
    public void GuestWithoutHandlerTripleFaults()
    {
        using Bench bench = Bench.Create(ProcessorKind.Model, GuestBytes);
        using var machine = new ShadowMachine(bench.Memory, bench.Processor, bench.Window, bench.Flush);
        machine.Start(new ProcessorState { Cr3 = HostLayout.GuestMemory, Cr4 = 0x20, Rip = 0x1000, Flags = 2 }, []);
        var runner = new ShadowRunner(machine, bench.Processor, new Descriptors(0x2000), _ => { });
        GuestException e = Assert.Throws<GuestException>(() => runner.Run(TimeSpan.FromSeconds(10)));
        Assert.Contains("triple-faults at 0x1000", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ProcessorThatNeverSeesChangedTablesIsRefused()
    {
        using HostMemory memory = HostMemory.Create(GuestBytes, shared: false);
        using var processor = new ForgetfulProcessor(new ModelProcessor(memory));
        processor.Forgets = true;
        InputException e = Assert.Throws<InputException>(() => Bench.Of(memory, processor, RunMode.Long4));
        Assert.Contains("no flush helps", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingFlushesAreFound()
    {
        using HostMemory memory = HostMemory.Create(GuestBytes, shared: false);
        using var processor = new ForgetfulProcessor(new ModelProcessor(memory));
        using Bench bench = Bench.Of(memory, processor, RunMode.Long4);
        using var output = new StringWriter();
        using var comparison = new Comparison(bench, 1, output);
        processor.Forgets = true;
        comparison.Run(2000, _ => { });
        Assert.NotEqual(0, comparison.Tally.Differences);
        Assert.Contains("DIFFERENCE: ", output.ToString(), StringComparison.Ordinal);
    }
}
