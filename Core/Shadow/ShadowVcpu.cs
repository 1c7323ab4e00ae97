// Shadow: what the Shadow MMU keeps for one vCPU.
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Walk;

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

    /// <summary>Roots for linear addresses.</summary>
    internal RootContext Linear { get; } = new();

    /// <summary>Roots for guest physical addresses of guests of the guest.</summary>
    internal RootContext Nested { get; } = new();

    /// <summary>Those of the two that are in force.</summary>
    internal RootContext Current => Vcpu.RunsNested ? Nested : Linear;

    /// <summary>The roots in force.</summary>
    internal RootSet Roots => Current.Roots;

    /// <summary>How the tables behind the roots in force are read: those of the guest, or L1's EPT or NPT.</summary>
    internal WalkContext Walk => Vcpu.RunsNested ? Vcpu.Walker.Context.Second! : Vcpu.Walker.Context;

    /// <summary>The vCPU's faults. Others read them, of different moments.</summary>
    internal FaultCounters Faults;

    /// <summary>Table pages for the next fault.</summary>
    internal PageCache Pages;

    /// <summary>Chunks of lists for the next fault.</summary>
    internal SlabCache Chunks;

    /// <summary>Guest memory as the Shadow MMU reads it for this vCPU.</summary>
    internal SlotView View;

    /// <summary>The code for the tables behind the roots in force; null before the first root.</summary>
    internal ShadowCode? Code => Current.Code;

    /// <summary>The role of the roots in force.</summary>
    internal PageRole RootRole => Current.RootRole;
}
