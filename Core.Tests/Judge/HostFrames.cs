// Judge: the model's host physical memory, by frame.
using System;
using System.Diagnostics.CodeAnalysis;

namespace Mmu.Tests.Judge;

/// <summary>All host memory there is. Replaced as a whole, so that threads may look up while another adds or removes.</summary>
internal sealed class HostFrames
{
    private volatile HostRange[] _ranges = [];

    internal void Add(HostRange range) => _ranges = [.. _ranges, range];

    internal void Remove(HostRange range) => _ranges = Array.FindAll(_ranges, other => other != range);

    internal bool TryFind(ulong frame, [NotNullWhen(true)] out HostRange? found)
    {
        foreach (HostRange range in _ranges)
        {
            if (range.Holds(frame))
            {
                found = range;
                return true;
            }
        }

        found = null;
        return false;
    }
}
