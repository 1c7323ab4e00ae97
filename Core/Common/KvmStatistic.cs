// Common: a statistic under the name that KVM has for it.
using System;
using System.Runtime.InteropServices;

namespace Mmu.Common;

/// <summary>A statistic under the name that KVM has for it.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct KvmStatistic
{
    private readonly Func<MmuStatistics, ulong> _read;

    internal KvmStatistic(string name, bool isCounter, string description, Func<MmuStatistics, ulong> read)
    {
        Name = name;
        IsCounter = isCounter;
        Description = description;
        _read = read;
    }

    /// <summary>KVM's name.</summary>
    public string Name { get; }

    /// <summary>True if it only grows; false if it is a present size or a maximum.</summary>
    public bool IsCounter { get; }

    /// <summary>What it counts here.</summary>
    public string Description { get; }

    /// <summary>Its value.</summary>
    /// <param name="statistics">Where from.</param>
    public ulong Of(in MmuStatistics statistics) => _read(statistics);
}
