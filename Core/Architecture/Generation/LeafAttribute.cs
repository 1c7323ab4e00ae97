// Architecture: a level at which a mode can map a page; read by the generator.
using System;
using System.Diagnostics;

namespace Mmu.Architecture.Generation;

/// <summary>
/// Declares that an entry of this level can map a page; above level 1 it does so when the layout's <c>Large</c> bit is set.
/// </summary>
[AttributeUsage(AttributeTargets.Struct, AllowMultiple = true)]
[Conditional("MMU_GENERATOR_INPUT")]
internal sealed class LeafAttribute : Attribute
{
    /// <summary>Declares a leaf at <paramref name="level"/>, 1 being the lowest.</summary>
    public LeafAttribute(int level) => Level = level;

    /// <summary>The level.</summary>
    public int Level { get; }

    /// <summary>True if the <c>Large</c> bit counts only while CR4.PSE is set, and is ignored otherwise.</summary>
    public bool NeedsPse { get; set; }
}
