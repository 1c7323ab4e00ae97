// Architecture: where an MMIO entry keeps its generation; read by the generator.
using System;
using System.Diagnostics;

namespace Mmu.Architecture.Generation;

/// <summary>
/// Declares bits of an MMIO entry that keep the generation of the memory slots; several runs make up one number, the lowest first.
/// </summary>
[AttributeUsage(AttributeTargets.Struct, AllowMultiple = true)]
[Conditional("MMU_GENERATOR_INPUT")]
internal sealed class MmioGenerationAttribute : Attribute
{
    /// <summary>Declares the next bits of the generation at <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public MmioGenerationAttribute(int low, int high)
    {
        Low = low;
        High = high;
    }

    /// <summary>Number of the lowest bit.</summary>
    public int Low { get; }

    /// <summary>Number of the highest bit.</summary>
    public int High { get; }
}
