// Abi: a memory access as a number.
using System;

namespace Mmu.Native.Abi;

/// <summary>A memory access: one of READ, WRITE and FETCH, and how it is made.</summary>
[Flags]
internal enum AccessBits : uint
{
    /// <summary>A data read.</summary>
    Read = 0,

    /// <summary>A data write; a read-modify-write is one.</summary>
    Write = 1,

    /// <summary>An instruction fetch.</summary>
    Fetch = 2,

    /// <summary>Made with CPL 3.</summary>
    User = 4,

    /// <summary>An implicit supervisor access, to a descriptor table for instance. Overrides USER.</summary>
    Implicit = 8,

    /// <summary>EFLAGS.AC is set.</summary>
    AlignmentCheck = 16,

    /// <summary>A shadow-stack access.</summary>
    ShadowStack = 32,
}
