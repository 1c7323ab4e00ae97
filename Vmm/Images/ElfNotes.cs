// Vmm: the notes of an ELF core; only QEMU's CPU state is of interest, everything else is stepped over.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Mmu.Vmm.Images;

/// <summary>Reader of PT_NOTE segments.</summary>
internal static class ElfNotes
{
    private const int NoteHeaderSize = 12;

    // Two notes per CPU and a few others; more is not a core but a way to keep us busy.
    private const int MaxNotes = 1 << 16;

    private static ReadOnlySpan<byte> QemuName => "QEMU\0"u8;

    /// <summary>Appends the CPUs that <paramref name="segment"/> describes.</summary>
    /// <exception cref="InputException">A note runs over the end of its segment, or a QEMU note is not understood.</exception>
    public static void AddCpus(ImageFile file, ElfProgramHeader segment, List<QemuCpuState> cpus)
    {
        Span<byte> header = stackalloc byte[NoteHeaderSize];
        ulong at = 0;
        for (int notes = 0; segment.FileSize - at >= NoteHeaderSize; notes++)
        {
            file.Read((long)(segment.Offset + at), header, "a note");
            uint nameSize = BinaryPrimitives.ReadUInt32LittleEndian(header);
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
            ulong body = at + NoteHeaderSize + Align4(nameSize);
            ulong end = body + Align4(size);
            if (end > segment.FileSize || notes == MaxNotes)
            {
                throw new InputException($"{file.Path}: corrupt: the note at offset 0x{segment.Offset + at:x} does not fit its segment");
            }

            if (type == 0 && IsQemu(file, segment.Offset + at + NoteHeaderSize, nameSize))
            {
                cpus.Add(QemuCpuState.Read(file, (long)(segment.Offset + body), size));
            }

            at = end;
        }
    }

    private static bool IsQemu(ImageFile file, ulong offset, uint nameSize)
    {
        Span<byte> name = stackalloc byte[5];
        if (nameSize != name.Length)
        {
            return false;
        }

        file.Read((long)offset, name, "the name of a note");
        return name.SequenceEqual(QemuName);
    }

    private static ulong Align4(uint size) => ((ulong)size + 3) & ~3UL;
}
