// Vmm.Run: how an instruction ended.
namespace Mmu.Vmm.Run.Processors.Model;

/// <summary>How an instruction ended.</summary>
internal enum StepResult
{
    /// <summary>It is done, and RIP behind it or where it jumped to.</summary>
    Done,

    /// <summary>An access was refused; nothing has changed.</summary>
    Fault,

    /// <summary>It is none that is interpreted.</summary>
    Unknown,
}
