// Shadow judge: a memory slot, with copies of the pages that are watched for changes.
using System;
using System.Collections.Generic;
using System.Threading;
using Mmu.Tests.Judge;

namespace Mmu.Tests.Shadow;

internal sealed unsafe class ModelSlot
{
    private readonly Dictionary<int, ulong[]> _known = [];

    internal ModelSlot(int addressSpace, ulong gpa, HostRange range, bool readOnly, bool onDemand, IEnumerable<int> watchedPages)
    {
        AddressSpace = addressSpace;
        Gpa = gpa;
        Range = range;
        IsReadOnly = readOnly;
        IsOnDemand = onDemand;
        foreach (int page in watchedPages)
        {
            _known[page] = WordsOf(page).ToArray();
        }
    }

    /// <summary>Since when the slot is where it is.</summary>
    internal long Since { get; init; }

    internal int AddressSpace { get; }

    internal ulong Gpa { get; }

    internal HostRange Range { get; }

    internal bool IsReadOnly { get; }

    /// <summary>The library asks for each of its frames.</summary>
    internal bool IsOnDemand { get; }

    internal ulong Bytes => (ulong)Range.Pages << 12;

    internal IReadOnlyDictionary<int, ulong[]> Known => _known;

    internal bool Holds(ulong gpa) => gpa - Gpa < Bytes;

    internal int PageOf(ulong gpa) => (int)((gpa - Gpa) >> 12);

    /// <summary>The host physical address behind a guest physical one, now.</summary>
    internal ulong PhysicalOf(ulong gpa) => (Range.FrameOf(PageOf(gpa)) << 12) | (gpa & 0xFFF);

    internal ref ulong WordAt(ulong gpa) => ref *(ulong*)(Range.Address + (nuint)((gpa - Gpa) & ~7UL));

    internal ulong Load(ulong gpa) => Volatile.Read(ref WordAt(gpa));

    /// <summary>One store of 1, 2, 4 or 8 bytes.</summary>
    internal void Store(ulong gpa, int bytes, ulong value)
    {
        void* at = (void*)(Range.Address + (nuint)(gpa - Gpa));
        switch (bytes)
        {
            case 1:
                Volatile.Write(ref *(byte*)at, (byte)value);
                break;
            case 2:
                Volatile.Write(ref *(ushort*)at, (ushort)value);
                break;
            case 4:
                Volatile.Write(ref *(uint*)at, (uint)value);
                break;
            default:
                Volatile.Write(ref *(ulong*)at, value);
                break;
        }
    }

    internal Span<ulong> WordsOf(int page) => new((void*)(Range.Address + ((nuint)page << 12)), 512);
}
