// Guest: loads of many table entries at once, for walks that go down side by side.
// UNSAFETY: each address is clamped to this window by arithmetic before it is read, whatever the guest wrote.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Mmu.Guest;

/// <content>Side-by-side loads; for processors with 512-bit vectors.</content>
internal readonly unsafe partial struct GuestWindow
{
    /// <summary>Addresses in a vector; lane counts are multiples of it.</summary>
    internal const int LaneStep = 8;

    private const ulong LastRow = 0xfff;

    /// <summary>
    /// Loads one entry a lane: that of row <c>(gva >> shift) &amp; rowMask</c>, a byte offset, in the table at <c>above &amp; frame</c>. A
    /// table outside this window is read as the window's last page: the caller must not use that lane. The window is not empty.
    /// </summary>
    /// <param name="shape">Where the row is in an address, and which bits of an entry are a table's address.</param>
    /// <param name="gvas">The linear addresses.</param>
    /// <param name="above">The entries that name the tables.</param>
    /// <param name="addresses">Scratch.</param>
    /// <param name="entries">Receives the entries; not <paramref name="above"/>.</param>
    /// <returns>True if all tables are inside.</returns>
    internal bool LoadLevel(LaneShape shape, ReadOnlySpan<ulong> gvas, ReadOnlySpan<ulong> above, Span<ulong> addresses, Span<ulong> entries)
    {
        int count = Math.Min(Math.Min(gvas.Length, above.Length), Math.Min(addresses.Length, entries.Length));
        Vector512<ulong> origin = Vector512.Create((ulong)HostOf(_base));
        Vector512<ulong> first = Vector512.Create(_base);
        Vector512<ulong> last = Vector512.Create(LastPage);
        Vector512<ulong> frame = Vector512.Create(shape.Frame);
        Vector512<ulong> rowMask = Vector512.Create(shape.RowMask & LastRow);

        Vector512<ulong> clamped = Vector512<ulong>.Zero;

        // SAFETY: 1. address = start of the window + min(offset, size - 4096) + a row below 4096: inside, as the size is a positive
        // multiple of 4096.
        //         2. count bounds all four spans; lanes are whole vectors. 3. rows are multiples of the entry size and pages are aligned:
        // no entry is torn.
        fixed (ulong* gva = gvas, table = above, address = addresses, entry = entries)
        {
            for (nint k = 0; k + LaneStep <= count; k += LaneStep)
            {
                Vector512<ulong> wanted = (Vector512.Load(table + k) & frame) - first;
                Vector512<ulong> offset = Vector512.Min(wanted, last);
                clamped |= wanted ^ offset;
                Vector512<ulong> row = Vector512.ShiftRightLogical(Vector512.Load(gva + k), shape.Shift);
                ((offset | (row & rowMask)) + origin).Store(address + k);
            }

            // A pass of its own: what a vector needs next was stored long ago, and as many loads as the processor can hold are under way.
            if (shape.EntryBytes == sizeof(ulong))
            {
                Load64(address, entry, count);
            }
            else
            {
                Load32(address, entry, count);
            }
        }

        return clamped == Vector512<ulong>.Zero;
    }

    private ulong LastPage => _length - 4096;

    // Four entries a store: one store each would be what the loop waits for.
    private static void Load64(ulong* address, ulong* entry, int count)
    {
        for (ulong* end = address + count; address < end; address += LaneStep, entry += LaneStep)
        {
            Four64(address).Store(entry);
            Four64(address + 4).Store(entry + 4);
        }
    }

    // InsertVector128, not Vector256.Create: that would first copy a register left over from the last round, and the rounds would wait for
    // one another.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Four64(ulong* address)
    {
        Vector128<ulong> low = Vector128.Create(*(ulong*)address[0], *(ulong*)address[1]);
        Vector128<ulong> high = Vector128.Create(*(ulong*)address[2], *(ulong*)address[3]);
        return Avx2.InsertVector128(low.ToVector256Unsafe(), high, 1);
    }

    private static void Load32(ulong* address, ulong* entry, int count)
    {
        for (ulong* end = address + count; address < end; address += LaneStep, entry += LaneStep)
        {
            Four32(address).Store(entry);
            Four32(address + 4).Store(entry + 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Four32(ulong* address) => Avx2.ConvertToVector256Int64(
        Vector128.Create(*(uint*)address[0], *(uint*)address[1], *(uint*)address[2], *(uint*)address[3])).AsUInt64();
}
