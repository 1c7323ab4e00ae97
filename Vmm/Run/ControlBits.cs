// Vmm.Run: bits of control registers that guests set and clear here.
namespace Mmu.Vmm.Run;

/// <summary>Bits of control registers.</summary>
internal static class ControlBits
{
    /// <summary>CR0.WP.</summary>
    internal const ulong WriteProtect = 1 << 16;

    /// <summary>CR4.PSE.</summary>
    internal const ulong PageSizeExtensions = 1 << 4;

    /// <summary>CR4.PGE.</summary>
    internal const ulong GlobalPages = 1 << 7;

    /// <summary>CR4.SMEP.</summary>
    internal const ulong Smep = 1 << 20;

    /// <summary>CR4.SMAP.</summary>
    internal const ulong Smap = 1 << 21;

    /// <summary>CR4.PKE.</summary>
    internal const ulong ProtectionKeys = 1 << 22;
}
