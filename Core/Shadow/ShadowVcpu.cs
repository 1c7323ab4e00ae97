// Shadow: what the Shadow MMU keeps for one vCPU.
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>A vCPU's roots, its memory for the next fault, its view of guest memory.</summary>
/// <remarks>Owner: the vCPU's thread, but for the reclaiming of its caches when it is removed.</remarks>
internal sealed class ShadowVcpu
{
    /// <summary>Most pages that one fault or root takes: a table for each level, and four roots.</summary>
    internal const int PagesPerFault = 6;

    /// <summary>Most chunks that one fault takes: one for each level's parent link, the leaf, and each prefetched neighbour.</summary>
    internal const int ChunksPerFault = 14;

    internal ShadowVcpu(Vcpu vcpu, SlotTable table)
    {
        Vcpu = vcpu;
        View = new SlotView(table);
    }

    /// <summary>The vCPU.</summary>
    internal Vcpu Vcpu { get; }

    /// <summary>The current root, then those used before it, the last one first.</summary>
    internal RootSet Roots { get; } = new();

    /// <summary>The vCPU's faults. Others read them, of different moments.</summary>
    internal FaultCounters Faults;

    /// <summary>Table pages for the next fault.</summary>
    internal PageCache Pages;

    /// <summary>Chunks of lists for the next fault.</summary>
    internal SlabCache Chunks;

    /// <summary>Guest memory as the Shadow MMU reads it for this vCPU.</summary>
    internal SlotView View;

    /// <summary>The code for the vCPU's paging mode; null before the first root.</summary>
    internal ShadowCode? Code { get; set; }

    /// <summary>The role that <see cref="Code"/> and <see cref="RootRole"/> were chosen for.</summary>
    internal CpuRole SelectedFor { get; set; }

    /// <summary>The role of roots for the vCPU's paging mode, quadrant 0.</summary>
    internal PageRole RootRole { get; set; }
}
