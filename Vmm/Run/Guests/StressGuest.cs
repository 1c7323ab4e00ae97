// Vmm.Run: the memory-stress guest as it lies in memory before it starts.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using Iced.Intel;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Vmm.Run.Guests;

/// <summary>
/// The memory-stress guest: a kernel with its own page tables, assembled here, and a program in ring 3 that makes it work.
/// </summary>
internal sealed class StressGuest
{
    private const byte Return = 0xC3;

    private readonly StressOptions _options;
    private readonly bool _announces;

    /// <summary>Describes a guest.</summary>
    /// <param name="options">Its sizes.</param>
    /// <param name="announces">True for the build that announces what changes control registers and TLB, false for the native one.</param>
    internal StressGuest(StressOptions options, bool announces)
    {
        _options = options;
        _announces = announces;
    }

    /// <summary>Gets the addresses of its OUT instructions, once it is placed.</summary>
    internal IReadOnlyList<ulong> Ports { get; private set; } = [];

    /// <summary>Gets its descriptor tables.</summary>
    internal Descriptors Descriptors => new(_options.LinearOf(StressLayout.Descriptors), _options.Mode.Bits);

    /// <summary>Places the guest, as a boot loader would.</summary>
    /// <param name="memory">Guest memory, all zero.</param>
    /// <returns>The state it starts in; CR3 in guest physical addresses.</returns>
    internal ProcessorState Place(Span<byte> memory)
    {
        var tables = new StressTables(_options);
        tables.Write(memory);
        var kernel = new KernelCode(_options.Mode, _announces);
        var labels = new StressLabels(kernel.Asm);
        Label boot = kernel.Asm.CreateLabel();
        Label handler = kernel.Asm.CreateLabel();
        kernel.Asm.Label(ref boot);
        StressBoot.Emit(kernel, _options);
        kernel.Asm.Label(ref handler);
        StressFaults.Emit(kernel, labels, _options);
        AssemblerResult result = Code.Assemble(
            kernel.Asm, _options.LinearOf(StressLayout.KernelCode), memory[(int)StressLayout.KernelCode..(int)StressLayout.UserCode]);
        Ports = [.. kernel.Ports.Select(label => result.GetLabelRIP(label))];
        Store(memory, StressLayout.Data + StressData.Return, result.GetLabelRIP(labels.Return));

        var program = new EntryCode(_options.Mode);
        StressProgram.Emit(program, _options);
        Span<byte> page = memory.Slice((int)StressLayout.UserCode, 4096);
        _ = Code.Assemble(program.Asm, StressLayout.Program, page[..StressLayout.ReturnOffset]);
        page[StressLayout.ReturnOffset] = Return;
        Store(memory, StressLayout.UserData + StressData.ProgramSteps, (ulong)_options.Steps + 1);

        ulong pageFault = result.GetLabelRIP(handler);
        ulong stack = _options.LinearOf(StressLayout.StackTop);
        Span<byte> descriptors = memory.Slice((int)StressLayout.Descriptors, 4096);
        Descriptors.Write(descriptors, stack, 0, vector => vector == Window.PageFault ? pageFault : 0);
        return new ProcessorState
        {
            Cr0 = StressOptions.Cr0,
            Cr3 = HostLayout.GuestMemory + tables.Root,
            Cr4 = _options.Cr4,
            Efer = _options.Efer,
            Descriptors = Descriptors,
            Rip = result.GetLabelRIP(boot),
            Rsp = stack,
            Flags = 2,
        };
    }

    private static void Store(Span<byte> memory, ulong offset, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(memory[(int)offset..], value);
}
