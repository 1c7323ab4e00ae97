// Architecture: frame bits of a large leaf that stand apart from the frame; read by the generator.
using System;
using System.Diagnostics;

namespace Mmu.Architecture.Generation;

/// <summary>Declares that leaves of one level keep high physical-address bits in a field of their own: PSE-36.</summary>
[AttributeUsage(AttributeTargets.Struct)]
[Conditional("MMU_GENERATOR_INPUT")]
internal sealed class HighFrameAttribute : Attribute
{
    /// <summary>
    /// Entry bits <paramref name="low"/> to <paramref name="high"/> of a leaf at <paramref name="level"/> are physical-address bits from
    /// <paramref name="addressBit"/> up.
    /// </summary>
    public HighFrameAttribute(int level, int low, int high, int addressBit)
    {
        Level = level;
        Low = low;
        High = high;
        AddressBit = addressBit;
    }

    /// <summary>The leaf level.</summary>
    public int Level { get; }

    /// <summary>Number of the lowest entry bit.</summary>
    public int Low { get; }

    /// <summary>Number of the highest entry bit.</summary>
    public int High { get; }

    /// <summary>The physical-address bit that the lowest entry bit is.</summary>
    public int AddressBit { get; }
}
