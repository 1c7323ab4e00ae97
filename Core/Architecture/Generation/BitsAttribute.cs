// Architecture: a field of several bits of a page-table entry; read by the generator.
using System;
using System.Diagnostics;

namespace Mmu.Architecture.Generation;

/// <summary>
/// Places a <see langword="ulong"/> property at a run of bits, both ends included. The property's value is the field shifted down to bit 0.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
[Conditional("MMU_GENERATOR_INPUT")]
internal sealed class BitsAttribute : Attribute
{
    /// <summary>Places the property at bits <paramref name="low"/> to <paramref name="high"/>.</summary>
    public BitsAttribute(int low, int high)
    {
        Low = low;
        High = high;
    }

    /// <summary>Number of the lowest bit.</summary>
    public int Low { get; }

    /// <summary>Number of the highest bit.</summary>
    public int High { get; }
}
