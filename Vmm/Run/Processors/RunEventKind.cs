// Vmm.Run: why a processor stopped.
namespace Mmu.Vmm.Run.Processors;

/// <summary>Why a processor stopped.</summary>
internal enum RunEventKind
{
    /// <summary>An OUT to a port; RIP is behind it.</summary>
    Port,

    /// <summary>An access to a physical address where no memory is; it has been completed as one to nothing.</summary>
    Mmio,

    /// <summary>The time budget is used up.</summary>
    OutOfTime,

    /// <summary>It cannot go on: a triple fault, HLT, or what the processor itself cannot do.</summary>
    Dead,
}
