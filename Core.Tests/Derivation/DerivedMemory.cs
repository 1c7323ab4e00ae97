// Tests: guest memory of four slots that lie apart in the host, with a hole and a read-only part, and a copy of it for the oracle.
using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Guest;

namespace Mmu.Tests.Derivation;

/// <summary>Guest memory twice: as slots and as bytes of the oracle's own.</summary>
internal sealed unsafe class DerivedMemory : IDisposable
{
    public const int Pages = 40;

    /// <summary>Page from which on tables of an identity EPT can be kept, out of reach of random tables.</summary>
    public const ulong ApartBase = 0x15_5500_0000;

    /// <summary>As many pages once more, read-only: a walk from here stays here if it takes a flag at bit 36 for an address bit.</summary>
    public const ulong DecoyBase = 1UL << 36;

    private const int PageBytes = 4096;

    // The border at page 5 cuts through tables of two pages; pages 16 and 17 are a hole.
    private static readonly (int First, int Count, SlotFlags Flags)[] _layout =
        [(0, 5, SlotFlags.None), (5, 11, SlotFlags.None), (18, 6, SlotFlags.ReadOnly), (24, 16, SlotFlags.None)];

    private readonly byte* _host = (byte*)NativeMemory.AlignedAlloc(((2 * Pages) + 2) * PageBytes, PageBytes);
    private readonly byte[] _bytes = new byte[2 * Pages * PageBytes];

    public DerivedMemory()
    {
        foreach ((int first, int count, SlotFlags flags) in _layout)
        {
            Slots.AddSlot(new MemorySlot(new Gpa((ulong)first * PageBytes), (ulong)count * PageBytes, (nuint)HostOf(first), flags));
        }

        Slots.AddSlot(new MemorySlot(new Gpa(ApartBase), 2 * PageBytes, (nuint)(_host + (Pages * PageBytes))));
        Slots.AddSlot(new MemorySlot(new Gpa(DecoyBase), Pages * PageBytes, (nuint)Decoy, SlotFlags.ReadOnly));
        Apart.Clear();
    }

    public GuestMemory Slots { get; } = new();

    private byte* Decoy => _host + ((Pages + 2) * PageBytes);

    public Span<ulong> Apart => new(_host + (Pages * PageBytes), 2 * PageBytes / sizeof(ulong));

    public static bool Holds(ulong gpa) => IsDecoy(gpa) || (gpa < Pages * PageBytes && gpa / PageBytes is not (16 or 17));

    public static bool IsWritable(ulong gpa) => !IsDecoy(gpa) && gpa / PageBytes is not (>= 18 and < 24);

    public ulong Read(ulong gpa, int bytes) =>
        bytes == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(At(gpa)) : BinaryPrimitives.ReadUInt64LittleEndian(At(gpa));

    /// <summary>Sets bits in the oracle's copy, unless the page is read-only.</summary>
    public void Mark(ulong gpa, int bytes, ulong bits)
    {
        if (!IsWritable(gpa))
        {
            return;
        }

        ulong entry = Read(gpa, bytes) | bits;
        if (bytes == 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(At(gpa), (uint)entry);
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(At(gpa), entry);
        }
    }

    /// <summary>Fills both with the same entries.</summary>
    public void Fill(Func<ulong> next, int entryBytes)
    {
        for (int at = 0; at < _bytes.Length; at += entryBytes)
        {
            ulong entry = next();
            if (entryBytes == 4)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(at), (uint)entry);
            }
            else
            {
                BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(at), entry);
            }
        }

        foreach ((int first, int count, SlotFlags _) in _layout)
        {
            _bytes.AsSpan(first * PageBytes, count * PageBytes).CopyTo(new Span<byte>(HostOf(first), count * PageBytes));
        }

        _bytes.AsSpan(Pages * PageBytes).CopyTo(new Span<byte>(Decoy, Pages * PageBytes));
    }

    /// <summary>True if slots and copy hold the same bytes.</summary>
    public bool Agrees()
    {
        foreach ((int first, int count, SlotFlags _) in _layout)
        {
            var slot = new ReadOnlySpan<byte>(HostOf(first), count * PageBytes);
            if (!_bytes.AsSpan(first * PageBytes, count * PageBytes).SequenceEqual(slot))
            {
                return false;
            }
        }

        return _bytes.AsSpan(Pages * PageBytes).SequenceEqual(new ReadOnlySpan<byte>(Decoy, Pages * PageBytes));
    }

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.AlignedFree(_host);

    private Span<byte> At(ulong gpa) => _bytes.AsSpan(IsDecoy(gpa) ? (int)(gpa - DecoyBase) + (Pages * PageBytes) : (int)gpa);

    private static bool IsDecoy(ulong gpa) => gpa is >= DecoyBase and < DecoyBase + (Pages * PageBytes);

    // Slots are stored in descending order, so that neighbours in the guest are no neighbours in the host.
    private byte* HostOf(int page)
    {
        int at = 0;
        for (int i = _layout.Length - 1; i >= 0; i--)
        {
            if (_layout[i].First <= page && page < _layout[i].First + _layout[i].Count)
            {
                return _host + ((at + page - _layout[i].First) * PageBytes);
            }

            at += _layout[i].Count;
        }

        throw new ArgumentOutOfRangeException(nameof(page));
    }
}
