// Vmm: the ELF file header, checked against the length of the file before anything it says is used.
using System;
using System.Buffers.Binary;

namespace Mmu.Vmm.Images;

/// <summary>What an ELF header says about its program headers.</summary>
internal readonly record struct ElfHeader(bool Is64, bool IsX64, ulong ProgramHeaderOffset, uint ProgramHeaderSize, uint ProgramHeaderCount)
{
    private const int Header32Size = 52;
    private const int Header64Size = 64;
    private const int ProgramHeader32Size = 32;
    private const int ProgramHeader64Size = 56;
    private const int SectionHeaderInfo32 = 28;
    private const int SectionHeaderInfo64 = 44;
    private const ushort TypeCore = 4;
    private const ushort MachineI386 = 3;
    private const ushort MachineX64 = 62;

    // PN_XNUM: the count does not fit 16 bits and stands in sh_info of section header 0.
    private const uint ExtendedCount = 0xffff;

    /// <summary>Reads and checks the header.</summary>
    /// <exception cref="InputException">It is truncated, not of an x86 core, or points outside the file.</exception>
    public static ElfHeader Read(ImageFile file)
    {
        Span<byte> bytes = stackalloc byte[Header64Size];
        file.Read(0, bytes[..Header32Size], "the ELF header");
        bool is64 = bytes[4] == 2;
        if (bytes[4] is not (1 or 2) || bytes[5] != 1)
        {
            throw new InputException($"{file.Path}: not a little-endian ELF file (class {bytes[4]}, data {bytes[5]})");
        }

        file.Read(0, bytes[..(is64 ? Header64Size : Header32Size)], "the ELF header");
        ushort type = BinaryPrimitives.ReadUInt16LittleEndian(bytes[16..]);
        ushort machine = BinaryPrimitives.ReadUInt16LittleEndian(bytes[18..]);
        if (type != TypeCore || machine is not (MachineI386 or MachineX64))
        {
            throw new InputException($"{file.Path}: an ELF file, but not an x86 core (type {type}, machine {machine})");
        }

        ulong tableOffset = is64 ? Word64(bytes, 32) : Word32(bytes, 28);
        ulong sections = is64 ? Word64(bytes, 40) : Word32(bytes, 32);
        ReadOnlySpan<byte> sizes = bytes[(is64 ? 54 : 42)..];
        uint entrySize = BinaryPrimitives.ReadUInt16LittleEndian(sizes);
        uint count = BinaryPrimitives.ReadUInt16LittleEndian(sizes[2..]);
        if (count == ExtendedCount)
        {
            count = ReadExtendedCount(file, sections, is64);
        }

        var header = new ElfHeader(is64, machine == MachineX64, tableOffset, entrySize, count);
        header.Check(file);
        return header;
    }

    /// <summary>Reads program header <paramref name="index"/> and checks that its bytes lie in the file and in 52-bit memory.</summary>
    public ElfProgramHeader ReadProgramHeader(ImageFile file, uint index)
    {
        Span<byte> bytes = stackalloc byte[ProgramHeader64Size];
        bytes = bytes[..(Is64 ? ProgramHeader64Size : ProgramHeader32Size)];
        file.Read((long)(ProgramHeaderOffset + ((ulong)index * ProgramHeaderSize)), bytes, $"program header {index}");
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        ElfProgramHeader segment = Is64
            ? new ElfProgramHeader(type, Word64(bytes, 8), Word64(bytes, 24), Word64(bytes, 32))
            : new ElfProgramHeader(type, Word32(bytes, 4), Word32(bytes, 12), Word32(bytes, 16));
        if (type is not (ElfProgramHeader.Load or ElfProgramHeader.Note) || segment.FileSize == 0)
        {
            return segment;
        }

        if (segment.Offset > (ulong)file.Length || segment.FileSize > (ulong)file.Length - segment.Offset)
        {
            throw new InputException(
                $"{file.Path}: truncated: segment {index} has 0x{segment.FileSize:x} bytes at offset 0x{segment.Offset:x}, "
                + $"the file 0x{file.Length:x}");
        }

        if (type == ElfProgramHeader.Load
            && (segment.PhysicalAddress >= PageMath.MaxGpa || segment.FileSize > PageMath.MaxGpa - segment.PhysicalAddress))
        {
            throw new InputException(
                $"{file.Path}: corrupt: segment {index} at 0x{segment.PhysicalAddress:x} reaches beyond 52-bit physical addresses");
        }

        return segment;
    }

    private static uint ReadExtendedCount(ImageFile file, ulong sections, bool is64)
    {
        if (sections == 0 || sections > (ulong)file.Length)
        {
            throw new InputException($"{file.Path}: corrupt: the program header count should stand in a section header, but there is none");
        }

        Span<byte> info = stackalloc byte[4];
        file.Read((long)sections + (is64 ? SectionHeaderInfo64 : SectionHeaderInfo32), info, "the program header count");
        return BinaryPrimitives.ReadUInt32LittleEndian(info);
    }

    private static ulong Word64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    private static ulong Word32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private void Check(ImageFile file)
    {
        int expected = Is64 ? ProgramHeader64Size : ProgramHeader32Size;
        if (ProgramHeaderSize < expected)
        {
            throw new InputException($"{file.Path}: corrupt: program headers of {ProgramHeaderSize} bytes, expected {expected}");
        }

        ulong length = (ulong)file.Length;
        ulong bytes = (ulong)ProgramHeaderCount * ProgramHeaderSize;
        if (bytes == 0 || ProgramHeaderOffset > length || bytes > length - ProgramHeaderOffset)
        {
            throw new InputException(
                $"{file.Path}: truncated or corrupt: {ProgramHeaderCount} program headers at offset 0x{ProgramHeaderOffset:x} "
                + "do not fit the file");
        }
    }
}
