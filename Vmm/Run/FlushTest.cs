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
    private const int TablePages = 5;
    private const ulong Root = HostLayout.Roots + ((HostLayout.RootCount - TablePages) * 4096UL);
    private const ulong FirstFrame = HostLayout.GuestMemory;
    private const ulong SecondFrame = HostLayout.GuestMemory + 0x1000;
    private const ulong First = 0x1111;
    private const ulong Second = 0x2222;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly HostMemory _memory;
    private readonly IProcessor _processor;
    private readonly Window _window;
    private readonly RunMode _mode;
    private readonly ulong _leaf;

    private FlushTest(HostMemory memory, IProcessor processor, Window window, RunMode mode)
    {
        _memory = memory;
        _processor = processor;
        _window = window;
        _mode = mode;
        _leaf = Root + ((ulong)(mode.Levels - 1) * 0x1000);
    }

    /// <summary>Finds the cheapest flush that works. Leaves the tables and the first pages of guest memory empty.</summary>
    /// <param name="memory">Physical memory, with the window.</param>
    /// <param name="processor">The processor.</param>
    /// <param name="window">The window.</param>
    /// <param name="mode">The guest's paging mode.</param>
    /// <param name="failed">Receives those that do not.</param>
    /// <exception cref="InputException">None does.</exception>
    internal static FlushMethod Choose(HostMemory memory, IProcessor processor, Window window, RunMode mode, List<FlushMethod> failed)
    {
        var test = new FlushTest(memory, processor, window, mode.Shadow);
        test.Prepare();
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

        memory.At(Root, TablePages * 4096).Clear();
        memory.At(FirstFrame, 2 * 4096).Clear();
        processor.Flush(FlushRegion.Tables, processor.FlushMethods[^1]);
        return chosen
            ?? throw new InputException($"the {processor.Name} processor never sees tables that change from outside: no flush helps");
    }

    private void Prepare()
    {
        ulong table = Root;
        for (int level = _mode.Levels; level > 1; level--, table += 0x1000)
        {
            _memory.Word(table) = _mode.TableEntry(level, table + 0x1000);
        }

        _memory.Word(Root + ((ulong)_mode.WindowIndex * 8)) = _window.ShadowRootEntry;
        _memory.Word(FirstFrame) = First;
        _memory.Word(SecondFrame) = Second;
        _processor.Start(
            new ProcessorState
            {
                Cr3 = Root,
                Cr4 = _mode.Cr4,
                Efer = _mode.Efer | ProcessorState.NoExecute,
                Descriptors = _window.Descriptors,
                Ring = Ring.User,
                Rip = _window.AddressOf(Probe.Read, user: true),
                Flags = Probes.UserFlags,
            },
            _window.Ports);
    }

    private bool Passes(FlushMethod method)
    {
        _memory.Word(_leaf) = FirstFrame | 7;
        _processor.Flush(FlushRegion.Tables, _processor.FlushMethods[^1]);
        if (Touch() != First)
        {
            throw new InputException($"the {_processor.Name} processor does not run on tables made here");
        }

        _memory.Word(_leaf) = SecondFrame | 7;
        _processor.Flush(FlushRegion.Tables, method);
        if (Touch() != Second)
        {
            return false;
        }

        _memory.Word(_leaf) = 0;
        _processor.Flush(FlushRegion.Tables, method);
        return Touch() is null;
    }

    // What is read at address 0; null for a page fault.
    private ulong? Touch()
    {
        _processor.Jump(Ring.User, _window.AddressOf(Probe.Read, user: true), _window.ProbeStack, Probes.UserFlags);
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
