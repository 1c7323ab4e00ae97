// Vmm.Run: the memory-stress guest as it lies in memory before it starts.
using System;
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
    private const ulong HugeWritable = 0x83;
    private const ulong Writable = 3;

    private readonly StressOptions _options;
    private readonly bool _announces;

    /// <summary>Describes a guest.</summary>
    /// <param name="options">Its sizes.</param>
    /// <param name="announces">True for the build that announces CR3 loads and INVLPG, false for the native one.</param>
    internal StressGuest(StressOptions options, bool announces)
    {
        _options = options;
        _announces = announces;
    }

    /// <summary>Gets the addresses of its OUT instructions, once it is placed.</summary>
    internal IReadOnlyList<ulong> Ports { get; private set; } = [];

    /// <summary>Gets its descriptor tables.</summary>
    internal static Descriptors Descriptors => new(StressLayout.LinearOf(StressLayout.Descriptors));

    /// <summary>Places the guest, as a boot loader would.</summary>
    /// <param name="memory">Guest memory, all zero.</param>
    /// <returns>The state it starts in; CR3 in guest physical addresses.</returns>
    internal ProcessorState Place(Span<byte> memory)
    {
        WriteTables(memory);
        var kernel = new KernelCode(_announces);
        Label boot = kernel.Asm.CreateLabel();
        Label handler = kernel.Asm.CreateLabel();
        kernel.Asm.Label(ref boot);
        StressBoot.Emit(kernel, _options);
        kernel.Asm.Label(ref handler);
        StressFaults.Emit(kernel, _options);
        AssemblerResult result = Code.Assemble(
            kernel.Asm, StressLayout.LinearOf(StressLayout.KernelCode), memory[(int)StressLayout.KernelCode..(int)StressLayout.UserCode]);
        Ports = [.. kernel.Ports.Select(label => result.GetLabelRIP(label))];

        var program = new Assembler(64);
        StressProgram.Emit(program, _options);
        _ = Code.Assemble(program, StressLayout.Program, memory[(int)StressLayout.UserCode..(int)StressLayout.Tables]);

        ulong pageFault = result.GetLabelRIP(handler);
        ulong stack = StressLayout.LinearOf(StressLayout.StackTop);
        Span<byte> descriptors = memory.Slice((int)StressLayout.Descriptors, 4096);
        Descriptors.Write(descriptors, stack, 0, vector => vector == Window.PageFault ? pageFault : 0);
        return new ProcessorState
        {
            Cr3 = HostLayout.GuestMemory + (_options.FiveLevels ? StressLayout.Root5 : StressLayout.Root),
            Cr4 = (_options.FiveLevels ? RunMode.Long5 : RunMode.Long4).Cr4,
            Descriptors = Descriptors,
            Rip = result.GetLabelRIP(boot),
            Rsp = stack,
            Flags = 2,
        };
    }

    // The first address space: all of guest memory for the kernel, in huge pages, and the device.
    private void WriteTables(Span<byte> memory)
    {
        const int linearIndex = 256;
        Store(memory, StressLayout.Root, linearIndex, (HostLayout.GuestMemory + StressLayout.LinearTable3) | Writable);
        Store(memory, StressLayout.LinearTable3, 0, (HostLayout.GuestMemory + StressLayout.LinearTable2) | Writable);
        if (_options.FiveLevels)
        {
            // One table of level 4 serves the user's half and the kernel's.
            Store(memory, StressLayout.Root5, 511, (HostLayout.GuestMemory + StressLayout.Root) | Writable);
        }

        const int deviceIndex = (int)(HostLayout.Device >> 30);
        Store(memory, StressLayout.LinearTable3, deviceIndex, (HostLayout.GuestMemory + StressLayout.DeviceTable2) | Writable);
        Store(memory, StressLayout.DeviceTable2, (int)(HostLayout.Device >> 21) & 511, (HostLayout.Device & ~0x1F_FFFFUL) | HugeWritable);
        for (ulong address = HostLayout.GuestMemory; address < HostLayout.GuestMemory + _options.MemoryBytes; address += 0x20_0000)
        {
            Store(memory, StressLayout.LinearTable2, (int)(address >> 21), address | HugeWritable);
        }
    }

    private static void Store(Span<byte> memory, ulong table, int index, ulong value) =>
        _ = BitConverter.TryWriteBytes(memory[((int)table + (index * 8))..], value);
}
