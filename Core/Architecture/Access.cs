// Architecture: one memory access, as the permission rules see it.
using System;

namespace Mmu.Architecture;

/// <summary>A memory access: what it does and how it is made.</summary>
public readonly record struct Access
{
    private readonly byte _bits;

    /// <summary>Creates an access.</summary>
    /// <param name="kind">What it does.</param>
    /// <param name="flags">How it is made; <see cref="AccessFlags.Implicit"/> overrides <see cref="AccessFlags.User"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is no defined value.</exception>
    public Access(AccessKind kind, AccessFlags flags = AccessFlags.None)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)kind, (uint)AccessKind.Fetch, nameof(kind));
        ArgumentOutOfRangeException.ThrowIfNotEqual(flags & ~AllFlags, AccessFlags.None, nameof(flags));
        if ((flags & AccessFlags.Implicit) != 0)
        {
            flags &= ~AccessFlags.User;
        }

        _bits = (byte)((int)kind | (int)flags);
    }

    /// <summary>A supervisor read.</summary>
    public static Access SupervisorRead => new(AccessKind.Read);

    /// <summary>A supervisor write.</summary>
    public static Access SupervisorWrite => new(AccessKind.Write);

    /// <summary>A supervisor fetch.</summary>
    public static Access SupervisorFetch => new(AccessKind.Fetch);

    /// <summary>A user read.</summary>
    public static Access UserRead => new(AccessKind.Read, AccessFlags.User);

    /// <summary>A user write.</summary>
    public static Access UserWrite => new(AccessKind.Write, AccessFlags.User);

    /// <summary>A user fetch.</summary>
    public static Access UserFetch => new(AccessKind.Fetch, AccessFlags.User);

    /// <summary>What the access does.</summary>
    public AccessKind Kind => (AccessKind)(_bits & 3);

    /// <summary>How it is made.</summary>
    public AccessFlags Flags => (AccessFlags)_bits & AllFlags;

    /// <summary>The index of the access in <see cref="AccessPlans"/>.</summary>
    internal uint Bits => _bits;

    private const AccessFlags AllFlags = AccessFlags.User | AccessFlags.Implicit | AccessFlags.AlignmentCheck | AccessFlags.ShadowStack;
}
