// Diagnostics: one event of a trace.
using System;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Mmu.Diagnostics;

/// <summary>One event of a trace, as it lies in the ring's memory: 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
public struct TraceEvent
{
    /// <summary>Size of an event in bytes.</summary>
    public const int Bytes = 64;

    // Its number plus 1 when it is complete.
    internal ulong Stamp;
    internal uint PointBits;
    internal int VcpuBits;
    internal TraceFields Fields;

    /// <summary>The number of the event since the ring was made, from 0 on.</summary>
    public readonly ulong Number => Stamp - 1;

    /// <summary>What it tells of.</summary>
    public readonly TracePoint Point => (TracePoint)PointBits;

    /// <summary>The vCPU's number; -1 where the event has none.</summary>
    public readonly int Vcpu => VcpuBits;

    /// <summary>A field; <see cref="TracePoints.FieldsOf"/> names them.</summary>
    /// <param name="field">Which, from 0 on.</param>
    /// <exception cref="ArgumentOutOfRangeException">The event has no such field.</exception>
    public readonly ulong this[int field] => (uint)field < (uint)TracePoints.FieldsOf(Point).Length
        ? Fields[field]
        : throw new ArgumentOutOfRangeException(nameof(field), field, $"{TracePoints.NameOf(Point)} has {TracePoints.FieldsOf(Point).Length} fields.");

    /// <summary>Describes the event on one line: name, then fields in hexadecimal.</summary>
    public override readonly string ToString()
    {
        StringBuilder text = new(TracePoints.NameOf(Point));
        _ = text.Append(':');
        if (Vcpu >= 0)
        {
            _ = text.Append(CultureInfo.InvariantCulture, $" vcpu {Vcpu}");
        }

        ReadOnlySpan<string> names = TracePoints.FieldsOf(Point);
        for (int i = 0; i < names.Length; i++)
        {
            _ = text.Append(CultureInfo.InvariantCulture, $" {names[i]} {Fields[i]:x}");
        }

        return text.ToString();
    }
}
