// Architecture: one bit of a page-table entry; read by the generator.
using System;
using System.Diagnostics;

namespace Mmu.Architecture.Generation;

/// <summary>Places a <see langword="bool"/> property at one bit of the entry.</summary>
[AttributeUsage(AttributeTargets.Property)]
[Conditional("MMU_GENERATOR_INPUT")]
internal sealed class BitAttribute : Attribute
{
    /// <summary>Places the property at bit <paramref name="index"/>, counted from 0.</summary>
    public BitAttribute(int index) => Index = index;

    /// <summary>The bit's number.</summary>
    public int Index { get; }
}
