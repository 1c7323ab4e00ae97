// Vmm: where a table page differs from the recorded one.
using System;
using System.Buffers.Binary;
using System.Globalization;

namespace Mmu.Vmm.Replay;

/// <summary>Describes how two pages differ.</summary>
internal static class PageText
{
    /// <summary>Returns how many entries differ, and the first of them.</summary>
    public static string Compare(ulong gpa, ReadOnlySpan<byte> recorded, ReadOnlySpan<byte> found)
    {
        int count = 0;
        string first = string.Empty;
        for (int i = 0; i < recorded.Length; i += 8)
        {
            ulong want = BinaryPrimitives.ReadUInt64LittleEndian(recorded[i..]);
            ulong have = BinaryPrimitives.ReadUInt64LittleEndian(found[i..]);
            if (want != have && count++ == 0)
            {
                first = string.Create(CultureInfo.InvariantCulture, $"at 0x{gpa + (ulong)i:x} recorded 0x{want:x16}, found 0x{have:x16}");
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"page 0x{gpa:x}: {count} entries differ, {first}");
    }
}
