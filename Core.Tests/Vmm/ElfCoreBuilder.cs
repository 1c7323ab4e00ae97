// Tests of the command: writes ELF cores as QEMU's dump-guest-memory does, sound or broken.
using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace Mmu.Tests.Vmm;

/// <summary>An ELF core in the making. The memory follows the notes without any alignment, as in QEMU's dumps.</summary>
internal sealed class ElfCoreBuilder
{
    internal const int QemuNoteSize = 440;

    private readonly List<(ulong Gpa, byte[] Bytes, ulong? OffsetOverride, ulong? SizeOverride)> _segments = [];
    private readonly List<byte> _notes = [];

    public bool Is64 { get; init; } = true;

    public ushort Machine { get; init; } = 62;

    public ushort Type { get; init; } = 4;

    public ushort? ProgramHeaderCount { get; init; }

    public ushort? ProgramHeaderSize { get; init; }

    /// <summary>Gets a value indicating whether the count of program headers stands in section header 0 (PN_XNUM).</summary>
    public bool ExtendedCount { get; init; }

    /// <summary>Adds guest memory; offset and size in the file may be made to lie.</summary>
    public ElfCoreBuilder Memory(ulong gpa, byte[] bytes, ulong? offset = null, ulong? size = null)
    {
        _segments.Add((gpa, bytes, offset, size));
        return this;
    }

    /// <summary>Adds the CPU state that QEMU writes, after the CORE note it writes too.</summary>
    public ElfCoreBuilder Cpu(ulong cr0, ulong cr3, ulong cr4, bool longCode, uint version = 1, uint size = QemuNoteSize)
    {
        _ = Note("CORE", 1, new byte[336]);
        var state = new byte[QemuNoteSize];
        BitConverter.TryWriteBytes(state.AsSpan(0), version);
        BitConverter.TryWriteBytes(state.AsSpan(4), size);
        BitConverter.TryWriteBytes(state.AsSpan(160), longCode ? 0x00af9b00u : 0x00cf9b00u);
        BitConverter.TryWriteBytes(state.AsSpan(392), cr0);
        BitConverter.TryWriteBytes(state.AsSpan(416), cr3);
        BitConverter.TryWriteBytes(state.AsSpan(424), cr4);
        return Note("QEMU", 0, state);
    }

    /// <summary>Adds any note; its size may be made to lie.</summary>
    public ElfCoreBuilder Note(string name, uint type, byte[] bytes, uint? size = null)
    {
        _notes.AddRange(BitConverter.GetBytes(name.Length + 1));
        _notes.AddRange(BitConverter.GetBytes(size ?? (uint)bytes.Length));
        _notes.AddRange(BitConverter.GetBytes(type));
        _notes.AddRange(Encoding.ASCII.GetBytes(name));
        _notes.AddRange(new byte[4 - (name.Length % 4)]);
        _notes.AddRange(bytes);
        _notes.AddRange(new byte[(4 - (bytes.Length % 4)) % 4]);
        return this;
    }

    /// <summary>Returns the bytes of the file.</summary>
    public byte[] Build()
    {
        int headerSize = Is64 ? 64 : 52;
        int entrySize = Is64 ? 56 : 32;
        int sectionSize = ExtendedCount ? (Is64 ? 64 : 40) : 0;
        int count = _segments.Count + 1;
        byte[] notes = [.. _notes];
        ulong notesAt = (ulong)(headerSize + (count * entrySize) + sectionSize);
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        WriteHeader(writer, headerSize, entrySize, count);
        WriteProgramHeader(writer, 4, notesAt, 0, (ulong)notes.Length);
        ulong at = notesAt + (ulong)notes.Length;
        foreach ((ulong gpa, byte[] bytes, ulong? offset, ulong? size) in _segments)
        {
            WriteProgramHeader(writer, 1, offset ?? at, gpa, size ?? (ulong)bytes.Length);
            at += (ulong)bytes.Length;
        }

        if (ExtendedCount)
        {
            var section = new byte[sectionSize];
            BitConverter.TryWriteBytes(section.AsSpan(Is64 ? 44 : 28), count);
            writer.Write(section);
        }

        writer.Write(notes);
        foreach ((_, byte[] bytes, _, _) in _segments)
        {
            writer.Write(bytes);
        }

        writer.Flush();
        return stream.ToArray();
    }

    private void WriteHeader(BinaryWriter writer, int headerSize, int entrySize, int count)
    {
        writer.Write([0x7f, (byte)'E', (byte)'L', (byte)'F', (byte)(Is64 ? 2 : 1), 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        writer.Write(Type);
        writer.Write(Machine);
        writer.Write(1u);
        Word(writer, 0);
        Word(writer, (ulong)headerSize);
        Word(writer, ExtendedCount ? (ulong)(headerSize + (count * entrySize)) : 0);
        writer.Write(0u);
        writer.Write((ushort)headerSize);
        writer.Write(ProgramHeaderSize ?? (ushort)entrySize);
        writer.Write(ProgramHeaderCount ?? (ExtendedCount ? (ushort)0xffff : (ushort)count));
        writer.Write((ushort)(Is64 ? 64 : 40));
        writer.Write((ushort)(ExtendedCount ? 1 : 0));
        writer.Write((ushort)0);
    }

    private void WriteProgramHeader(BinaryWriter writer, uint type, ulong offset, ulong gpa, ulong size)
    {
        writer.Write(type);
        if (Is64)
        {
            writer.Write(0u);
        }

        Word(writer, offset);
        Word(writer, 0);
        Word(writer, gpa);
        Word(writer, size);
        Word(writer, size);
        if (!Is64)
        {
            writer.Write(0u);
        }

        Word(writer, 0);
    }

    private void Word(BinaryWriter writer, ulong value)
    {
        if (Is64)
        {
            writer.Write(value);
        }
        else
        {
            writer.Write((uint)value);
        }
    }
}
