// Addressing: the guest virtual address.
using System;
using System.Globalization;

namespace Mmu.Addressing;

/// <summary>Guest virtual address: a linear address, before guest paging.</summary>
/// <param name="Value">The linear address in bytes.</param>
public readonly record struct Gva(ulong Value) : IComparable<Gva>
{
    /// <summary>Offset of the address in its page of the given size, in bytes.</summary>
    public ulong PageOffset(PageLevel level) => Value & (level.Bytes - 1);

    /// <inheritdoc/>
    public int CompareTo(Gva other) => Value.CompareTo(other.Value);

    /// <summary>True if <paramref name="left"/> is below <paramref name="right"/>.</summary>
    public static bool operator <(Gva left, Gva right) => left.Value < right.Value;

    /// <summary>True if <paramref name="left"/> is above <paramref name="right"/>.</summary>
    public static bool operator >(Gva left, Gva right) => left.Value > right.Value;

    /// <summary>True if <paramref name="left"/> is not above <paramref name="right"/>.</summary>
    public static bool operator <=(Gva left, Gva right) => left.Value <= right.Value;

    /// <summary>True if <paramref name="left"/> is not below <paramref name="right"/>.</summary>
    public static bool operator >=(Gva left, Gva right) => left.Value >= right.Value;

    /// <summary>Returns the value in hexadecimal after the kind's name.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"gva:0x{Value:x}");
}
