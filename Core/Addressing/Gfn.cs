// Addressing: the guest frame number.
using System;
using System.Globalization;

namespace Mmu.Addressing;

/// <summary>Guest frame number: a guest physical address in units of 4 KiB.</summary>
/// <param name="Value">The frame's number.</param>
public readonly record struct Gfn(ulong Value) : IComparable<Gfn>
{
    /// <summary>The address of the frame's first byte.</summary>
    public Gpa ToGpa() => new(Value << 12);

    /// <inheritdoc/>
    public int CompareTo(Gfn other) => Value.CompareTo(other.Value);

    /// <summary>True if <paramref name="left"/> is below <paramref name="right"/>.</summary>
    public static bool operator <(Gfn left, Gfn right) => left.Value < right.Value;

    /// <summary>True if <paramref name="left"/> is above <paramref name="right"/>.</summary>
    public static bool operator >(Gfn left, Gfn right) => left.Value > right.Value;

    /// <summary>True if <paramref name="left"/> is not above <paramref name="right"/>.</summary>
    public static bool operator <=(Gfn left, Gfn right) => left.Value <= right.Value;

    /// <summary>True if <paramref name="left"/> is not below <paramref name="right"/>.</summary>
    public static bool operator >=(Gfn left, Gfn right) => left.Value >= right.Value;

    /// <summary>Returns the value in hexadecimal after the kind's name.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"gfn:0x{Value:x}");
}
