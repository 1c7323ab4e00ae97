// Addressing: the host page frame number.
using System;
using System.Globalization;

namespace Mmu.Addressing;

/// <summary>Page frame number of the host: a host physical address in units of 4 KiB.</summary>
/// <param name="Value">The frame's number.</param>
public readonly record struct Pfn(ulong Value) : IComparable<Pfn>
{
    /// <summary>The address of the frame's first byte.</summary>
    public Hpa ToHpa() => new(Value << 12);

    /// <inheritdoc/>
    public int CompareTo(Pfn other) => Value.CompareTo(other.Value);

    /// <summary>True if <paramref name="left"/> is below <paramref name="right"/>.</summary>
    public static bool operator <(Pfn left, Pfn right) => left.Value < right.Value;

    /// <summary>True if <paramref name="left"/> is above <paramref name="right"/>.</summary>
    public static bool operator >(Pfn left, Pfn right) => left.Value > right.Value;

    /// <summary>True if <paramref name="left"/> is not above <paramref name="right"/>.</summary>
    public static bool operator <=(Pfn left, Pfn right) => left.Value <= right.Value;

    /// <summary>True if <paramref name="left"/> is not below <paramref name="right"/>.</summary>
    public static bool operator >=(Pfn left, Pfn right) => left.Value >= right.Value;

    /// <summary>Returns the value in hexadecimal after the kind's name.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"pfn:0x{Value:x}");
}
