// Shadow judge: guest frames that must not be reached, or not written, until the library has had a say.
using System.Collections.Generic;
using System.Globalization;
using Mmu.Tests.Judge;

namespace Mmu.Tests.Shadow;

internal sealed class FrameGuard
{
    private readonly HashSet<(int AddressSpace, ulong Gfn)> _unmapped = [];
    private readonly HashSet<(int AddressSpace, ulong Gfn)> _protected = [];
    private readonly Dictionary<(int AddressSpace, ulong Gfn), int> _tracked = [];

    internal void Unmapped(int addressSpace, ulong gfn) => _ = _unmapped.Add((addressSpace, gfn));

    internal void Protected(int addressSpace, ulong gfn) => _ = _protected.Add((addressSpace, gfn));

    /// <summary>The library handled a fault: it may have mapped anything again that is not tracked.</summary>
    internal void FaultHandled()
    {
        _unmapped.Clear();
        _protected.Clear();
    }

    internal void Track(int addressSpace, ulong gfn) => _tracked[(addressSpace, gfn)] = TrackCount(addressSpace, gfn) + 1;

    internal bool TryUntrack(int addressSpace, ulong gfn)
    {
        int count = TrackCount(addressSpace, gfn);
        if (count == 0)
        {
            return false;
        }

        _tracked[(addressSpace, gfn)] = count - 1;
        return true;
    }

    internal int TrackCount(int addressSpace, ulong gfn) => _tracked.GetValueOrDefault((addressSpace, gfn));

    /// <summary>A slot is gone, and what was said about its frames.</summary>
    internal void SlotRemoved(ModelSlot slot)
    {
        for (ulong gfn = slot.Gpa >> 12; gfn < (slot.Gpa + slot.Bytes) >> 12; gfn++)
        {
            _ = _tracked.Remove((slot.AddressSpace, gfn));
        }
    }

    /// <exception cref="JudgeException">The frame may not be reached this way.</exception>
    internal void Check(ModelSlot slot, ulong gpa, bool write)
    {
        (int AddressSpace, ulong Gfn) frame = (slot.AddressSpace, gpa >> 12);
        string? wrong = write && slot.IsReadOnly ? "is read-only"
            : write && TrackCount(frame.AddressSpace, frame.Gfn) > 0 ? "is tracked"
            : _unmapped.Contains(frame) ? "was unmapped"
            : write && _protected.Contains(frame) ? "was write-protected"
            : null;
        if (wrong is not null)
        {
            throw new JudgeException(string.Create(
                CultureInfo.InvariantCulture, $"{(write ? "Written" : "Reached")} without a fault: frame {frame.Gfn:x} of space {frame.AddressSpace} {wrong}."));
        }
    }
}
