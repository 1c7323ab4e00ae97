// Vmm.Run: how probes run.
namespace Mmu.Vmm.Run;

/// <summary>RFLAGS of probes.</summary>
internal static class Probes
{
    /// <summary>In ring 0.</summary>
    internal const ulong KernelFlags = 2;

    /// <summary>In ring 3: with IOPL 3, so that OUT is allowed.</summary>
    internal const ulong UserFlags = 0x3002;
}
