// Memory: the free parts of a reservation.
using System.Collections.Generic;

namespace Mmu.Memory;

/// <summary>
/// Free ranges by address; neighbours are one range. Only what the host asks for goes through here (slots, slabs), so a managed list will
/// do.
/// </summary>
internal sealed class FreeRanges
{
    private readonly List<(ulong Start, ulong Bytes)> _ranges = [];

    internal FreeRanges(ulong bytes) => _ranges.Add((0, bytes));

    /// <summary>How many ranges there are.</summary>
    internal int Count => _ranges.Count;

    /// <summary>The size of the largest range.</summary>
    internal ulong Largest
    {
        get
        {
            ulong largest = 0;
            foreach ((_, ulong bytes) in _ranges)
            {
                largest = bytes > largest ? bytes : largest;
            }

            return largest;
        }
    }

    /// <summary>Takes bytes from the first range that has them.</summary>
    internal bool TryTake(ulong bytes, out ulong start)
    {
        for (int i = 0; i < _ranges.Count; i++)
        {
            (start, ulong have) = _ranges[i];
            if (have == bytes)
            {
                _ranges.RemoveAt(i);
                return true;
            }

            if (have > bytes)
            {
                _ranges[i] = (start + bytes, have - bytes);
                return true;
            }
        }

        start = 0;
        return false;
    }

    /// <summary>Adds a range that was taken, and joins it with its neighbours.</summary>
    internal void Add(ulong start, ulong bytes)
    {
        int at = 0;
        while (at < _ranges.Count && _ranges[at].Start < start)
        {
            at++;
        }

        if (at < _ranges.Count && start + bytes == _ranges[at].Start)
        {
            bytes += _ranges[at].Bytes;
            _ranges.RemoveAt(at);
        }

#if !MMU_FAULT_44
        if (at > 0 && _ranges[at - 1].Start + _ranges[at - 1].Bytes == start)
        {
            _ranges[at - 1] = (_ranges[at - 1].Start, _ranges[at - 1].Bytes + bytes);
            return;
        }
#endif

        _ranges.Insert(at, (start, bytes));
    }
}
