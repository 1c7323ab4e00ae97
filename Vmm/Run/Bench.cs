// Vmm.Run: a processor with its memory and the window, tested and ready.
using System;
using System.Collections.Generic;
using Mmu.Vmm.Images;
using Mmu.Vmm.Run.Processors;
using Mmu.Vmm.Run.Processors.Kvm;
using Mmu.Vmm.Run.Processors.Model;
using Mmu.Vmm.Run.Processors.Qemu;

namespace Mmu.Vmm.Run;

/// <summary>A processor with its memory and the window, tested and ready.</summary>
internal sealed class Bench : IDisposable
{
    private Bench(HostMemory memory, IProcessor processor, RunMode mode)
    {
        Memory = memory;
        Processor = processor;
        Mode = mode;
        Window = new Window(memory, mode);
        Flush = FlushTest.Choose(memory, processor, Window, mode, FailedFlushes);
    }

    /// <summary>Gets physical memory.</summary>
    internal HostMemory Memory { get; }

    /// <summary>Gets the processor.</summary>
    internal IProcessor Processor { get; }

    /// <summary>Gets the guest's paging mode.</summary>
    internal RunMode Mode { get; }

    /// <summary>Gets the window.</summary>
    internal Window Window { get; }

    /// <summary>Gets the flush that works.</summary>
    internal FlushMethod Flush { get; }

    /// <summary>Gets the flushes that were tried and do not.</summary>
    internal List<FlushMethod> FailedFlushes { get; } = [];

    /// <summary>Makes a bench.</summary>
    /// <param name="kind">The processor.</param>
    /// <param name="guestBytes">Size of guest memory.</param>
    /// <param name="mode">The guest's paging mode; 4-level paging unless said otherwise.</param>
    /// <param name="instructions">How many instructions the model may execute from a start to its end.</param>
    /// <exception cref="InputException">The processor or the memory is not there.</exception>
    internal static Bench Create(ProcessorKind kind, ulong guestBytes, RunMode? mode = null, long instructions = long.MaxValue)
    {
        HostMemory memory = HostMemory.Create(guestBytes, shared: kind == ProcessorKind.Qemu);
        try
        {
            return Of(memory, Open(kind, memory, instructions), mode ?? RunMode.Long4);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Chooses the best processor there is.</summary>
    /// <param name="why">Why it is.</param>
    internal static ProcessorKind Choose(out string why)
    {
        if (KvmProcessor.IsThere())
        {
            why = $"{KvmProcessor.Device} can be opened";
            return ProcessorKind.Kvm;
        }

        bool hasQemu = QemuProcessor.IsThere();
        why = $"{KvmProcessor.Device} cannot be opened, {QemuProcessor.Program} is {(hasQemu ? string.Empty : "not ")}there";
        return hasQemu ? ProcessorKind.Qemu : ProcessorKind.Model;
    }

    /// <summary>Says which flush was chosen.</summary>
    internal string DescribeFlush()
    {
        string failed = FailedFlushes.Count == 0 ? string.Empty : $"; {string.Join(" and ", FailedFlushes)} did not";
        return $"{Flush} makes changed tables visible{failed}";
    }

    private static IProcessor Open(ProcessorKind kind, HostMemory memory, long instructions) => kind switch
    {
        ProcessorKind.Kvm => new KvmProcessor(memory),
        ProcessorKind.Qemu => new QemuProcessor(memory),
        _ => new ModelProcessor(memory) { MostInstructions = instructions },
    };

    /// <summary>Makes a bench of a processor and its memory, which become the bench's.</summary>
    internal static Bench Of(HostMemory memory, IProcessor processor, RunMode mode)
    {
        try
        {
            if (mode == RunMode.Long5 && !processor.Features.La57)
            {
                throw new InputException($"the {processor.Name} processor has no 5-level paging");
            }

            return new Bench(memory, processor, mode);
        }
        catch
        {
            processor.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Processor.Dispose();
        Memory.Dispose();
    }
}
