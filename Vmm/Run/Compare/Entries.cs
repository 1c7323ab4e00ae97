// Vmm.Run: page-table entries of 4 or 8 bytes in a copy of tables.
using System;

namespace Mmu.Vmm.Run.Compare;

/// <summary>Reads and writes entries of a mode's size.</summary>
internal static class Entries
{
    /// <summary>Reads an entry.</summary>
    internal static ulong Load(RunMode mode, ReadOnlySpan<byte> tables, int offset) =>
        mode.EntryBytes == 8 ? BitConverter.ToUInt64(tables[offset..]) : BitConverter.ToUInt32(tables[offset..]);

    /// <summary>Writes an entry.</summary>
    internal static void Store(RunMode mode, Span<byte> tables, int offset, ulong value)
    {
        if (mode.EntryBytes == 8)
        {
            _ = BitConverter.TryWriteBytes(tables[offset..], value);
        }
        else
        {
            _ = BitConverter.TryWriteBytes(tables[offset..], (uint)value);
        }
    }
}
