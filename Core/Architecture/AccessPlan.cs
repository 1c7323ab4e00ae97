// Architecture: what one kind of access needs, computed when control state changes.
using System.Runtime.InteropServices;

namespace Mmu.Architecture;

/// <summary>
/// The permission rules for one kind of access, as masks over the accumulated <see cref="Rights"/> (16 combinations) and the 16 protection
/// keys.
/// </summary>
/// <remarks>A cache line, so that the plan of an access is found by a shift.</remarks>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct AccessPlan
{
    /// <summary>Bit r is set if rights r refuse the access.</summary>
    internal ushort Deny;

    /// <summary>Bit k is set if key k refuses the access to a user page.</summary>
    internal ushort UserKeys;

    /// <summary>Bit k is set if key k refuses the access to a supervisor page.</summary>
    internal ushort SupervisorKeys;

    /// <summary>
    /// Bits that all entries with rights must have for the access to be allowed without a closer look, as the format places them.
    /// </summary>
    internal ulong Must;

    /// <summary>Bits that not all entries may have: the user bit under SMEP and SMAP.</summary>
    internal ulong MustNotAll;

    /// <summary>Bits that no entry may have: what is reserved everywhere, and NX for a fetch.</summary>
    internal ulong MustNotAny;

    /// <summary>Bits that the leaf must have after the access: its dirty bit for a write, else 0.</summary>
    internal ulong LeafMust;

    /// <summary>Bit n is set if n, the leaf's bits 63:59, holds a key that refuses the access to some page.</summary>
    internal uint SuspectKeys;
}
