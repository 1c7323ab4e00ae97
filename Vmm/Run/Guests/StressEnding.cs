// Vmm.Run: what the memory-stress guest does at last.
namespace Mmu.Vmm.Run.Guests;

/// <summary>What the memory-stress guest does at last.</summary>
internal enum StressEnding
{
    /// <summary>It reports its checksum.</summary>
    Exit,

    /// <summary>It jumps to itself.</summary>
    Hang,

    /// <summary>It loads CR3 with tables that map nothing, not even its handler of the fault that follows.</summary>
    TripleFault,
}
