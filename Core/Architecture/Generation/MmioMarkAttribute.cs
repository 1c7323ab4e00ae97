// Architecture: what the CPU takes for a misconfiguration, and the MMU for MMIO; read by the generator.
using System;
using System.Diagnostics;

namespace Mmu.Architecture.Generation;

/// <summary>
/// Declares the bits that make an EPT entry a misconfiguration, so that it can stand for MMIO. Legacy formats have no such bits of their
/// own: there P together with reserved address bits of the host is the mark, and W and U are kept.
/// </summary>
[AttributeUsage(AttributeTargets.Struct)]
[Conditional("MMU_GENERATOR_INPUT")]
internal sealed class MmioMarkAttribute : Attribute
{
    /// <summary>Declares that bits <paramref name="low"/> to <paramref name="high"/> hold <paramref name="value"/>.</summary>
    public MmioMarkAttribute(int low, int high, int value)
    {
        Low = low;
        High = high;
        Value = value;
    }

    /// <summary>Number of the lowest bit.</summary>
    public int Low { get; }

    /// <summary>Number of the highest bit.</summary>
    public int High { get; }

    /// <summary>What they hold.</summary>
    public int Value { get; }
}
