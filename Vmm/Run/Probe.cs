// Vmm.Run: pieces of code that make one access.
namespace Mmu.Vmm.Run;

/// <summary>Pieces of code in the window, each of which makes one access to the address in RDI and ends in an OUT.</summary>
internal enum Probe
{
    /// <summary>Loads RAX.</summary>
    Read,

    /// <summary>Stores RAX.</summary>
    Write,

    /// <summary>Jumps there; the code there jumps to RBX.</summary>
    Fetch,

    /// <summary>INVLPG, in ring 0.</summary>
    Invalidate,

    /// <summary>WRPKRU of EAX; RCX and RDX become 0.</summary>
    LoadKeys,
}
