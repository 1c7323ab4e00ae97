// Vmm.Run: descriptor tables for 64-bit and for protected mode, written into one page.
using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Mmu.Vmm.Run.Processors;

/// <summary>A page with GDT, TSS and IDT, at a linear address.</summary>
/// <param name="Page">Linear address of the page.</param>
/// <param name="Bits">64 or 32.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Descriptors(ulong Page, int Bits = 64)
{
    internal const ushort KernelCode = 0x08;
    internal const ushort KernelData = 0x10;
    internal const ushort UserData = 0x18 | 3;
    internal const ushort UserCode = 0x20 | 3;
    internal const ushort TaskState = 0x28;
    internal const int GdtBytes = 0x48;
    internal const int TssBytes = 0x68;
    internal const int IdtBytes = 32 * 16;

    private const ushort DeprivilegedCode = 0x38 | 1;
    private const ushort DeprivilegedData = 0x40 | 1;
    private const int TssOffset = 0x80;
    private const int IdtOffset = 0x200;

    /// <summary>Gets the GDT.</summary>
    internal ulong Gdt => Page;

    /// <summary>Gets the TSS.</summary>
    internal ulong Tss => Page + TssOffset;

    /// <summary>Gets the IDT.</summary>
    internal ulong Idt => Page + IdtOffset;

    /// <summary>Gets the EFLAGS that a guest needs on shadow tables: its kernel's OUT must not be refused.</summary>
    internal ulong GuestFlags => Bits == 64 ? 0UL : 0x3000;

    /// <summary>Gets the size of a gate.</summary>
    internal int GateBytes => Bits / 4;

    /// <summary>Writes the tables.</summary>
    /// <param name="page">The page.</param>
    /// <param name="kernelStack">RSP for ring 0, on interrupts from ring 3.</param>
    /// <param name="interruptStack">RSP for every interrupt, or 0 to use the kernel stack, or the current one; only in 64-bit mode.</param>
    /// <param name="handlerOf">The address of the handler of an exception.</param>
    internal void Write(Span<byte> page, ulong kernelStack, ulong interruptStack, Func<int, ulong> handlerOf)
    {
        page.Clear();
        ulong sizeOfCode = Bits == 64 ? 0x00A0_0000_0000_0000UL : 0x00C0_0000_0000_0000;
        Store(page, KernelCode, sizeOfCode | 0x000F_9B00_0000_FFFF);
        Store(page, KernelData, 0x00CF_9300_0000_FFFF);
        Store(page, UserData & ~3, 0x00CF_F300_0000_FFFF);
        Store(page, UserCode & ~3, sizeOfCode | 0x000F_FB00_0000_FFFF);
        Store(page, DeprivilegedCode & ~3, sizeOfCode | 0x000F_BB00_0000_FFFF);
        Store(page, DeprivilegedData & ~3, 0x00CF_B300_0000_FFFF);
        Store(page, TaskState, (TssBytes - 1) | ((Tss & 0xFF_FFFF) << 16) | (0x89UL << 40) | ((Tss >> 24 & 0xFF) << 56));
        Store(page, TaskState + 8, Tss >> 32);
        Store(page, TssOffset + 4, Bits == 64 ? kernelStack : kernelStack | ((ulong)KernelData << 32));
        if (Bits == 64)
        {
            Store(page, TssOffset + 0x24, interruptStack);
        }

        for (int vector = 0; vector < 32; vector++)
        {
            ulong handler = handlerOf(vector);
            ulong stack = interruptStack == 0 || Bits == 32 ? 0UL : 1;
            int gate = IdtOffset + (vector * GateBytes);
            ulong address = (handler & 0xFFFF) | ((handler >> 16 & 0xFFFF) << 48);
            Store(page, gate, address | ((ulong)KernelCode << 16) | (stack << 32) | (0x8EUL << 40));
            if (Bits == 64)
            {
                Store(page, gate + 8, handler >> 32);
            }
        }
    }

    /// <summary>
    /// The ring in which a guest's code runs on shadow tables. In 64-bit mode faults have a stack of their own; in 32-bit mode only those from
    /// another ring than 0 have.
    /// </summary>
    internal Ring GuestRing(Ring ring) => ring == Ring.Kernel && Bits == 32 ? Ring.Deprivileged : ring;

    /// <summary>The code segment of a ring.</summary>
    internal static ushort CodeOf(Ring ring) => ring switch
    {
        Ring.User => UserCode,
        Ring.Deprivileged => DeprivilegedCode,
        _ => KernelCode,
    };

    /// <summary>The data segment of a ring.</summary>
    internal static ushort DataOf(Ring ring) => ring switch
    {
        Ring.User => UserData,
        Ring.Deprivileged => DeprivilegedData,
        _ => KernelData,
    };

    /// <summary>The handler that a gate names.</summary>
    internal static ulong HandlerOf(ulong low, ulong high) => (low & 0xFFFF) | ((low >> 48) << 16) | (high << 32);

    private static void Store(Span<byte> page, int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(page[offset..], value);
}
