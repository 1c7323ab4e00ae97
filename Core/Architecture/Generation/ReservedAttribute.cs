// Architecture: bits that must be zero in a present entry; read by the generator.
using System;
using System.Diagnostics;

namespace Mmu.Architecture.Generation;

/// <summary>Declares reserved bits of a mode's entries. Frame bits at or above MAXPHYADDR are reserved without being declared.</summary>
[AttributeUsage(AttributeTargets.Struct, AllowMultiple = true)]
[Conditional("MMU_GENERATOR_INPUT")]
internal sealed class ReservedAttribute : Attribute
{
    /// <summary>Declares bits <paramref name="low"/> to <paramref name="high"/>, both included, reserved.</summary>
    public ReservedAttribute(int low, int high)
    {
        Low = low;
        High = high;
    }

    /// <summary>Number of the lowest reserved bit.</summary>
    public int Low { get; }

    /// <summary>Number of the highest reserved bit.</summary>
    public int High { get; }

    /// <summary>The level they are reserved at; 0 means every level.</summary>
    public int Level { get; set; }

    /// <summary>The kinds of entry they are reserved in.</summary>
    public EntryKinds In { get; set; } = EntryKinds.Any;

    /// <summary>The condition under which they are reserved.</summary>
    public ReservedWhen When { get; set; }
}
