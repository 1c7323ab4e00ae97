// Architecture: what one kind of access needs, computed when control state changes.
namespace Mmu.Architecture;

/// <summary>The permission rules for one kind of access, as masks over the accumulated <see cref="Rights"/> (16 combinations) and the 16 protection keys.</summary>
internal struct AccessPlan
{
    /// <summary>Bit r is set if rights r refuse the access.</summary>
    internal ushort Deny;

    /// <summary>Bit r is set if rights r need a closer look: <see cref="Deny"/>, and all rights that do not allow reads.</summary>
    internal ushort Suspect;

    /// <summary>Bit k is set if key k refuses the access to a user page.</summary>
    internal ushort UserKeys;

    /// <summary>Bit k is set if key k refuses the access to a supervisor page.</summary>
    internal ushort SupervisorKeys;

    /// <summary>Union of <see cref="UserKeys"/> and <see cref="SupervisorKeys"/>.</summary>
    internal ushort SuspectKeys;

    /// <summary>Bits that the leaf must have after the access: its dirty bit for a write, else 0.</summary>
    internal uint LeafMust;
}
