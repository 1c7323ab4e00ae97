// Vmm: how an access over our tables ended.
namespace Mmu.Vmm.Replay;

/// <summary>How a processor's access over our tables ended.</summary>
internal enum CpuOutcome
{
    /// <summary>It reached guest memory.</summary>
    Done,

    /// <summary>A page fault.</summary>
    Fault,

    /// <summary>An entry names something that is neither a table nor guest memory: our tables are wrong.</summary>
    OutsideMemory,
}
