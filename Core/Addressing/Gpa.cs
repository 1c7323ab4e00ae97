// Addressing: the guest physical address.
using System;
using System.Globalization;

namespace Mmu.Addressing;

/// <summary>
/// Guest physical address: what memory slots are addressed by. Of a nested guest's tables and data it is the address after both dimensions.
/// </summary>
/// <param name="Value">The address in bytes.</param>
public readonly record struct Gpa(ulong Value) : IComparable<Gpa>
{
    /// <summary>The 4-KiB frame that holds the address.</summary>
    public Gfn ToGfn() => new(Value >> 12);

    /// <summary>Offset of the address in its page of the given size, in bytes.</summary>
    public ulong PageOffset(PageLevel level) => Value & (level.Bytes - 1);

    /// <inheritdoc/>
    public int CompareTo(Gpa other) => Value.CompareTo(other.Value);

    /// <summary>True if <paramref name="left"/> is below <paramref name="right"/>.</summary>
    public static bool operator <(Gpa left, Gpa right) => left.Value < right.Value;

    /// <summary>True if <paramref name="left"/> is above <paramref name="right"/>.</summary>
    public static bool operator >(Gpa left, Gpa right) => left.Value > right.Value;

    /// <summary>True if <paramref name="left"/> is not above <paramref name="right"/>.</summary>
    public static bool operator <=(Gpa left, Gpa right) => left.Value <= right.Value;

    /// <summary>True if <paramref name="left"/> is not below <paramref name="right"/>.</summary>
    public static bool operator >=(Gpa left, Gpa right) => left.Value >= right.Value;

    /// <summary>Returns the value in hexadecimal after the kind's name.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"gpa:0x{Value:x}");
}
