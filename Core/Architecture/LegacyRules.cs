// Architecture: the switches that legacy permission rules depend on.
namespace Mmu.Architecture;

/// <summary>Control state as the legacy permission rules see it.</summary>
internal readonly record struct LegacyRules
{
    /// <summary>CR0.WP.</summary>
    internal bool WriteProtect { get; init; }

    /// <summary>CR4.SMEP.</summary>
    internal bool Smep { get; init; }

    /// <summary>CR4.SMAP.</summary>
    internal bool Smap { get; init; }

    /// <summary>CR4.PKE with 4- or 5-level paging.</summary>
    internal bool UserKeysOn { get; init; }

    /// <summary>CR4.PKS with 4- or 5-level paging.</summary>
    internal bool SupervisorKeysOn { get; init; }

    /// <summary>PKRU.</summary>
    internal uint Pkru { get; init; }

    /// <summary>IA32_PKRS.</summary>
    internal uint Pkrs { get; init; }
}
