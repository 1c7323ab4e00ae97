// Addressing: the host physical address.
using System;
using System.Globalization;

namespace Mmu.Addressing;

/// <summary>Host physical address: what the walking CPU puts on the bus.</summary>
/// <param name="Value">The address in bytes.</param>
public readonly record struct Hpa(ulong Value) : IComparable<Hpa>
{
    /// <summary>The 4-KiB frame that holds the address.</summary>
    public Pfn ToPfn() => new(Value >> 12);

    /// <inheritdoc/>
    public int CompareTo(Hpa other) => Value.CompareTo(other.Value);

    /// <summary>True if <paramref name="left"/> is below <paramref name="right"/>.</summary>
    public static bool operator <(Hpa left, Hpa right) => left.Value < right.Value;

    /// <summary>True if <paramref name="left"/> is above <paramref name="right"/>.</summary>
    public static bool operator >(Hpa left, Hpa right) => left.Value > right.Value;

    /// <summary>True if <paramref name="left"/> is not above <paramref name="right"/>.</summary>
    public static bool operator <=(Hpa left, Hpa right) => left.Value <= right.Value;

    /// <summary>True if <paramref name="left"/> is not below <paramref name="right"/>.</summary>
    public static bool operator >=(Hpa left, Hpa right) => left.Value >= right.Value;

    /// <summary>Returns the value in hexadecimal after the kind's name.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"hpa:0x{Value:x}");
}
