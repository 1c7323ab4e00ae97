// Vmm: what the inspected CPU is assumed to be, where its registers do not say.
namespace Mmu.Vmm.Inspect;

/// <summary>The vendor, whose reserved bits apply, and the width of physical addresses in bits.</summary>
internal readonly record struct CpuModel(bool IsAmd, int MaxPhyAddr)
{
    /// <summary>The widest physical address: no frame bit is taken for reserved unless the user says so.</summary>
    internal const int DefaultMaxPhyAddr = 52;
}
