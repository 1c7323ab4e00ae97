// Vmm: what a mapping allows, folded over all levels; read is implied.
using System;

namespace Mmu.Vmm.Inspect;

/// <summary>Effective rights of a mapping.</summary>
[Flags]
internal enum Rights
{
    /// <summary>Supervisor reads only.</summary>
    None = 0,

    /// <summary>User-mode accesses, too.</summary>
    User = 1,

    /// <summary>Writes.</summary>
    Write = 2,

    /// <summary>Instruction fetches.</summary>
    Execute = 4,
}
