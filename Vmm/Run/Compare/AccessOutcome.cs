// Vmm.Run: what an access did.
using System.Runtime.InteropServices;

namespace Mmu.Vmm.Run.Compare;

/// <summary>What an access did, as the guest sees it.</summary>
/// <param name="Faulted">True for a page fault.</param>
/// <param name="Address">CR2 of the fault.</param>
/// <param name="ErrorCode">Its error code.</param>
/// <param name="Loaded">What was loaded, if there was none.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AccessOutcome(bool Faulted, ulong Address, ulong ErrorCode, ulong Loaded)
{
    /// <inheritdoc/>
    public override string ToString() =>
        this == ProbeRunner.Stuck ? "the same fault again and again"
        : Faulted ? $"#PF at 0x{Address:x} with error code 0x{ErrorCode:x}"
        : $"done, RAX is 0x{Loaded:x}";
}
