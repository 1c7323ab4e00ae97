// Vmm: how `mmu inspect` prints.
namespace Mmu.Vmm.Inspect;

/// <summary>The form of the output.</summary>
internal enum OutputFormat
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>Lines to compare with QEMU's `info tlb` and `info mem`.</summary>
    Qemu,

    /// <summary>One JSON document.</summary>
    Json,
}
