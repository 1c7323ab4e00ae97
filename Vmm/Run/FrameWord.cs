// Vmm.Run: words that a page fault pushes.
namespace Mmu.Vmm.Run;

/// <summary>Words that a page fault pushes, lowest first.</summary>
internal enum FrameWord
{
    /// <summary>Error code.</summary>
    Error,

    /// <summary>RIP.</summary>
    Rip,

    /// <summary>CS.</summary>
    Cs,

    /// <summary>RFLAGS.</summary>
    Flags,

    /// <summary>RSP.</summary>
    Rsp,

    /// <summary>SS.</summary>
    Ss,
}
