// Addressing: the nested guest physical address.
using System;
using System.Globalization;

namespace Mmu.Addressing;

/// <summary>Nested guest physical address: what a nested guest's paging yields, before the second dimension.</summary>
/// <param name="Value">The address in bytes.</param>
public readonly record struct Ngpa(ulong Value) : IComparable<Ngpa>
{
    /// <summary>Offset of the address in its page of the given size, in bytes.</summary>
    public ulong PageOffset(PageLevel level) => Value & (level.Bytes - 1);

    /// <inheritdoc/>
    public int CompareTo(Ngpa other) => Value.CompareTo(other.Value);

    /// <summary>True if <paramref name="left"/> is below <paramref name="right"/>.</summary>
    public static bool operator <(Ngpa left, Ngpa right) => left.Value < right.Value;

    /// <summary>True if <paramref name="left"/> is above <paramref name="right"/>.</summary>
    public static bool operator >(Ngpa left, Ngpa right) => left.Value > right.Value;

    /// <summary>True if <paramref name="left"/> is not above <paramref name="right"/>.</summary>
    public static bool operator <=(Ngpa left, Ngpa right) => left.Value <= right.Value;

    /// <summary>True if <paramref name="left"/> is not below <paramref name="right"/>.</summary>
    public static bool operator >=(Ngpa left, Ngpa right) => left.Value >= right.Value;

    /// <summary>Returns the value in hexadecimal after the kind's name.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"ngpa:0x{Value:x}");
}
