// Vmm.Run: finds out by which flush a processor sees tables that changed from outside.
using System;
using System.Collections.Generic;
using Mmu.Vmm.Images;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Vmm.Run;

/// <summary>Maps, touches, remaps, flushes, touches again: which flush makes the new frame, and then its absence, visible?</summary>
internal sealed class FlushTest
{
    // The last copies of roots are not in use yet.
    private const ulong Root = HostLayout.Roots + ((HostLayout.RootCount - 4) * 4096UL);
    private const ulong Leaf = Root + 0x3000;
    private const ulong FirstFrame = HostLayout.GuestMemory;
    private const ulong SecondFrame = HostLayout.GuestMemory + 0x1000;
    private const ulong First = 0x1111;
    private const ulong Second = 0x2222;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly HostMemory _memory;
    private readonly IProcessor _processor;

    private FlushTest(HostMemory memory, IProcessor processor)
    {
        _memory = memory;
        _processor = processor;
    }

    /// <summary>Finds the cheapest flush that works. Leaves the tables and the first pages of guest memory empty.</summary>
    /// <param name="memory">Physical memory, with the window.</param>
    /// <param name="processor">The processor.</param>
    /// <param name="window">The window.</param>
    /// <param name="failed">Receives those that do not.</param>
    /// <exception cref="InputException">None does.</exception>
    internal static FlushMethod Choose(HostMemory memory, IProcessor processor, Window window, List<FlushMethod> failed)
    {
        var test = new FlushTest(memory, processor);
        test.Prepare(window);
        FlushMethod? chosen = null;
        foreach (FlushMethod method in processor.FlushMethods)
        {
            if (test.Passes(method))
            {
                chosen = method;
                break;
            }

            failed.Add(method);
        }

        memory.At(Root, 4 * 4096).Clear();
        memory.At(FirstFrame, 2 * 4096).Clear();
        processor.Flush(FlushRegion.Tables, processor.FlushMethods[^1]);
        return chosen
            ?? throw new InputException($"the {processor.Name} processor never sees tables that change from outside: no flush helps");
    }

    private void Prepare(Window window)
    {
        for (ulong table = Root; table < Leaf; table += 0x1000)
        {
            _memory.Word(table) = (table + 0x1000) | 7;
        }

        _memory.Word(Root + (Window.RootIndex * 8)) = Window.RootEntry;
        _memory.Word(FirstFrame) = First;
        _memory.Word(SecondFrame) = Second;
        _processor.Start(
            new ProcessorState
            {
                Cr3 = Root,
                Cr4 = 0x20,
                Descriptors = window.Descriptors,
                User = true,
                Rip = Window.AddressOf(Probe.Read, user: true),
                Flags = Probes.UserFlags,
            },
            Window.Ports);
    }

    private bool Passes(FlushMethod method)
    {
        _memory.Word(Leaf) = FirstFrame | 7;
        _processor.Flush(FlushRegion.Tables, _processor.FlushMethods[^1]);
        if (Touch() != First)
        {
            throw new InputException($"the {_processor.Name} processor does not run on tables made here");
        }

        _memory.Word(Leaf) = SecondFrame | 7;
        _processor.Flush(FlushRegion.Tables, method);
        if (Touch() != Second)
        {
            return false;
        }

        _memory.Word(Leaf) = 0;
        _processor.Flush(FlushRegion.Tables, method);
        return Touch() is null;
    }

    // What is read at address 0; null for a page fault.
    private ulong? Touch()
    {
        _processor.Jump(user: true, Window.AddressOf(Probe.Read, user: true), Window.ProbeStack, Probes.UserFlags);
        _processor.Registers[CpuRegisters.Rdi] = 0;
        RunEvent found = _processor.Run(_patience);
        return found.Kind == RunEventKind.Port && found.Port == Window.ProbePort
            ? _processor.Registers[CpuRegisters.Rax]
            : found.Kind == RunEventKind.Port && found.Port == Window.ExceptionPort + Window.PageFault
            ? null
            : throw new InputException(
                $"the {_processor.Name} processor fails its first test: {found.Detail ?? $"{found.Kind} {found.Port:x}"}");
    }
}
