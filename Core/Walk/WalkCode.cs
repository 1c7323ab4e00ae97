// Walk: the code and the facts of one paging mode, as generated.
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Walk;

/// <summary>
/// The generated code of one mode, reached through function pointers, and the facts that code over whole address spaces needs.
/// </summary>
internal sealed unsafe class WalkCode
{
    /// <summary>Name of the declaration.</summary>
    internal required string Name { get; init; }

    /// <summary>Levels, the root included; 0 with paging off.</summary>
    internal required int Levels { get; init; }

    /// <summary>Bytes of an entry.</summary>
    internal required int EntryBytes { get; init; }

    /// <summary>Index bits of a table below the root.</summary>
    internal required int IndexBits { get; init; }

    /// <summary>Index bits of the root table.</summary>
    internal required int RootIndexBits { get; init; }

    /// <summary>Translated address bits.</summary>
    internal required int AddressBits { get; init; }

    /// <summary>True if addresses are sign-extended.</summary>
    internal required bool IsCanonical { get; init; }

    /// <summary>True if the root's entries are the PDPTE registers.</summary>
    internal required bool RootInRegisters { get; init; }

    /// <summary>True if the root's entries carry rights.</summary>
    internal required bool RootHasRights { get; init; }

    /// <summary>The format's accessed bit; 0 if it has none.</summary>
    internal required ulong AccessedMask { get; init; }

    /// <summary>The format's dirty bit; 0 if it has none.</summary>
    internal required ulong DirtyMask { get; init; }

    /// <summary>Walks and marks entries; returns the address, or <see cref="WalkLimits.NoAddress"/>.</summary>
    internal required delegate*<WalkContext, ref SlotView, ulong, uint, ref WalkResult, ulong> Walk { get; init; }

    /// <summary>Walks and leaves no trace.</summary>
    internal required delegate*<WalkContext, ref SlotView, ulong, uint, ref WalkResult, ulong> Peek { get; init; }

    /// <summary>Walks a nested guest and marks entries; null for second-dimension modes.</summary>
    internal delegate*<WalkContext, ref SlotView, ulong, uint, ref WalkResult, ulong> WalkNested { get; init; }

    /// <summary>Walks a nested guest and leaves no trace; null for second-dimension modes.</summary>
    internal delegate*<WalkContext, ref SlotView, ulong, uint, ref WalkResult, ulong> PeekNested { get; init; }

    /// <summary>Walks and records each entry.</summary>
    internal required delegate*<WalkContext, ref TraceReader, ulong, uint, ref WalkResult, ulong> Trace { get; init; }

    /// <summary>Computes reserved bits.</summary>
    internal required delegate*<in ReservedInputs, ref ReservedMasks, void> FillReserved { get; init; }

    /// <summary>Places required rights and a forbidden user right as bits of the format: the masks of a plan.</summary>
    internal required delegate*<uint, bool, ref AccessPlan, void> FillMasks { get; init; }

    /// <summary>Says what an entry is.</summary>
    internal required delegate*<WalkContext, int, ulong, out ulong, EntryClass> Classify { get; init; }

    /// <summary>Accumulated rights from AND and OR of entries.</summary>
    internal required delegate*<ulong, ulong, uint> RightsOf { get; init; }

    /// <summary>Index bits of a level's table.</summary>
    internal int IndexBitsOf(int level) => level == Levels ? RootIndexBits : IndexBits;

    /// <summary>Lowest address bit of a level's index.</summary>
    internal int ShiftOf(int level) => 12 + ((level - 1) * IndexBits);
}
