// Architecture: how an access is made.
using System;

namespace Mmu.Architecture;

/// <summary>How an access is made.</summary>
[Flags]
public enum AccessFlags
{
    /// <summary>An explicit supervisor access with EFLAGS.AC=0.</summary>
    None = 0,

    /// <summary>Made with CPL 3.</summary>
    User = 4,

    /// <summary>
    /// An implicit supervisor access, to a descriptor table for instance; whatever the CPL it is a supervisor access, and EFLAGS.AC does
    /// not help it.
    /// </summary>
    Implicit = 8,

    /// <summary>EFLAGS.AC is set.</summary>
    AlignmentCheck = 16,

    /// <summary>A shadow-stack access.</summary>
    ShadowStack = 32,
}
