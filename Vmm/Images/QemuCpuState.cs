// Vmm: the note "QEMU" of a dump-guest-memory core. Layout (version 1): u32 version, u32 size, 16 general registers, RIP,
// RFLAGS, ten segments of 24 bytes from CS on (u32 selector, limit, flags, padding; u64 base), then CR0–CR4.
using System;
using System.Buffers.Binary;

namespace Mmu.Vmm.Images;

/// <summary>The registers of one CPU that decide its paging.</summary>
internal readonly record struct QemuCpuState(ulong Cr0, ulong Cr3, ulong Cr4, uint CodeSegmentFlags)
{
    /// <summary>The bytes of the note up to and including CR4.</summary>
    internal const int Size = ControlRegisters + (5 * 8);

    private const uint Version = 1;
    private const int CodeSegment = 8 + (18 * 8);
    private const int ControlRegisters = CodeSegment + (10 * 24);
    private const ulong Cr0Pg = 1UL << 31;
    private const ulong Cr4Pae = 1UL << 5;
    private const ulong EferLongMode = 0xd00;
    private const ulong EferNxe = 0x800;

    // Bit 21 of the second word of a segment descriptor: 64-bit code.
    private const uint LongCode = 1U << 21;

    /// <summary>Reads the note of <paramref name="size"/> bytes at <paramref name="offset"/>.</summary>
    /// <exception cref="InputException">The note is too small or of another version.</exception>
    public static QemuCpuState Read(ImageFile file, long offset, uint size)
    {
        if (size < Size)
        {
            throw new InputException($"{file.Path}: corrupt: a QEMU CPU note of {size} bytes, expected at least {Size}");
        }

        Span<byte> bytes = stackalloc byte[Size];
        file.Read(offset, bytes, "a QEMU CPU note");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        uint claimed = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        if (version != Version || claimed < Size)
        {
            throw new InputException($"{file.Path}: a QEMU CPU note of version {version} and size {claimed} is not understood");
        }

        return new QemuCpuState(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[ControlRegisters..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[(ControlRegisters + 24)..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[(ControlRegisters + 32)..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[(CodeSegment + 8)..]));
    }

    /// <summary>Returns the root, EFER inferred: long mode if PAE is on and 64-bit code runs or the core is an x86-64 one.</summary>
    public PagingRoot ToRoot(string label, bool machineIsX64)
    {
        bool paePaging = (Cr0 & Cr0Pg) != 0 && (Cr4 & Cr4Pae) != 0;
        bool longMode = paePaging && (machineIsX64 || (CodeSegmentFlags & LongCode) != 0);
        return new PagingRoot(label, Cr0, Cr3, Cr4, longMode ? EferLongMode : EferNxe);
    }
}
