// TDP judge: frames that must not be reached, or not written, until a fault on them was answered; and frames that were written.
using System.Collections.Generic;
using System.Globalization;
using Mmu.Tests.Judge;

namespace Mmu.Tests.Tdp;

internal sealed class GpaGuard
{
    private readonly HashSet<(int AddressSpace, ulong Gfn)> _unmapped = [];
    private readonly HashSet<(int AddressSpace, ulong Gfn)> _protected = [];
    private readonly HashSet<(int AddressSpace, ulong Gfn)> _written = [];

    internal void Unmapped(int addressSpace, ulong first, ulong end) => Add(_unmapped, addressSpace, first, end);

    internal void Protected(int addressSpace, ulong first, ulong end) => Add(_protected, addressSpace, first, end);

    /// <summary>The guest wrote a frame through the tables.</summary>
    internal void Written(int addressSpace, ulong gfn) => _ = _written.Add((addressSpace, gfn));

    /// <summary>True if a frame was written and nobody has asked for that since.</summary>
    internal bool IsWritten(int addressSpace, ulong gfn) => _written.Contains((addressSpace, gfn));

    /// <summary>Who keeps a log of written frames has read it for these, or their mappings are gone.</summary>
    internal void Forget(int addressSpace, ulong first, ulong end) =>
        _written.RemoveWhere(frame => frame.AddressSpace == addressSpace && frame.Gfn >= first && frame.Gfn < end);

    internal void ForgetAll() => _written.Clear();

    /// <summary>A fault was answered by a page: it may be reached again, and written if it was not mapped or the fault was a write.</summary>
    internal void Mapped(int addressSpace, GpaPage page, bool writes)
    {
        _ = _unmapped.RemoveWhere(frame => frame.AddressSpace == addressSpace && page.Covers(frame.Gfn << 12));
        if (writes)
        {
            _ = _protected.RemoveWhere(frame => frame.AddressSpace == addressSpace && page.Covers(frame.Gfn << 12));
        }
    }

    /// <summary>A slot is gone, and what was said about its frames.</summary>
    internal void SlotRemoved(GpaSlot slot)
    {
        foreach (HashSet<(int AddressSpace, ulong Gfn)> frames in (HashSet<(int AddressSpace, ulong Gfn)>[])[_unmapped, _protected, _written])
        {
            _ = frames.RemoveWhere(frame => frame.AddressSpace == slot.AddressSpace && slot.Holds(frame.Gfn));
        }
    }

    /// <exception cref="JudgeException">The frame may not be reached this way.</exception>
    internal void Check(int addressSpace, ulong gfn, bool write)
    {
        string? wrong = _unmapped.Contains((addressSpace, gfn)) ? "was unmapped"
            : write && _protected.Contains((addressSpace, gfn)) ? "was write-protected"
            : null;
        if (wrong is not null)
        {
            throw new JudgeException(string.Create(
                CultureInfo.InvariantCulture, $"{(write ? "Written" : "Reached")} without a fault: frame {gfn:x} of space {addressSpace} {wrong}."));
        }
    }

    private static void Add(HashSet<(int AddressSpace, ulong Gfn)> frames, int addressSpace, ulong first, ulong end)
    {
        for (ulong gfn = first; gfn < end; gfn++)
        {
            _ = frames.Add((addressSpace, gfn));
        }
    }
}
