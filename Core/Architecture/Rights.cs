// Architecture: rights accumulated over the levels of a walk.
using System;

namespace Mmu.Architecture;

/// <summary>What the entries of a path allow, all levels taken together.</summary>
[Flags]
public enum Rights
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Reads.</summary>
    Read = 1,

    /// <summary>Writes.</summary>
    Write = 2,

    /// <summary>User accesses; in EPT with mode-based execute control, fetches from user-mode addresses.</summary>
    User = 4,

    /// <summary>Fetches.</summary>
    Execute = 8,
}
