// Generators: the list of everything that is emitted for paging modes.
using System.Collections.Generic;
using Mmu.Generators.Model;

namespace Mmu.Generators.Emission;

/// <summary>Everything that is emitted for paging modes: hint names and sources.</summary>
internal static class ModeEmitters
{
    /// <summary>What is emitted for one mode.</summary>
    public static IEnumerable<(string HintName, string Source)> Emit(ModeSpec mode)
    {
        yield return (WalkerEmitter.HintName(mode), WalkerEmitter.Emit(mode));
    }

    /// <summary>What is emitted once for all modes, which come sorted by name.</summary>
    public static IEnumerable<(string HintName, string Source)> EmitAll(EquatableArray<ModeSpec> modes)
    {
        _ = modes;
        return [];
    }
}
