// Tests of the monitor: the memory-stress guest on shadow tables, on a processor that may be changed.
using System;
using Mmu.Vmm.Run;
using Mmu.Vmm.Run.Guests;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Tests.Vmm;

/// <summary>Runs the guest on shadow tables only.</summary>
internal static class Shadowed
{
    /// <summary>Runs it to its end and returns its checksum.</summary>
    /// <param name="kind">The processor.</param>
    /// <param name="options">The guest; what its processor can do is filled in.</param>
    /// <param name="timeout">How long it may run.</param>
    /// <param name="around">Puts something around the processor; null for nothing.</param>
    internal static ulong Run(ProcessorKind kind, StressOptions options, TimeSpan timeout, Func<IProcessor, IProcessor>? around)
    {
        using Bench bench = Bench.Create(kind, options.MemoryBytes, options.Mode);
        IProcessor processor = around?.Invoke(bench.Processor) ?? bench.Processor;
        StressOptions all = options with { Features = processor.Features };
        var guest = new StressGuest(all, announces: true);
        ProcessorState start = guest.Place(bench.Memory.At(HostLayout.ShadowedMemory(all.MemoryBytes), (int)all.MemoryBytes));
        using var machine = new ShadowMachine(bench.Memory, processor, bench.Window, bench.Flush);
        machine.Start(start, guest.Ports);
        return new ShadowRunner(machine, processor, guest.Descriptors, _ => { }).Run(timeout);
    }

    /// <summary>Runs it natively and returns its checksum.</summary>
    internal static ulong RunNatively(ProcessorKind kind, StressOptions options, TimeSpan timeout)
    {
        using Bench bench = Bench.Create(kind, options.MemoryBytes, options.Mode);
        var guest = new StressGuest(options with { Features = bench.Processor.Features }, announces: false);
        ProcessorState start = guest.Place(bench.Memory.At(HostLayout.GuestMemory, (int)options.MemoryBytes));
        return NativeRunner.Run(bench.Processor, guest, start, timeout);
    }
}
