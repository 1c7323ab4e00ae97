// Common: whether a root could be loaded.
namespace Mmu.Common;

/// <summary>Whether a vCPU has a root to run on.</summary>
public enum RootStatus
{
    /// <summary>It has.</summary>
    Loaded,

    /// <summary>The table arena is full and nothing could be reclaimed.</summary>
    OutOfPages,

    /// <summary>32-bit, PAE and unpaged guests need a root below 4 GiB, and the arena has none: place its first frames there.</summary>
    NoRootBelow4GiB,

    /// <summary>The VM was stopped after its tables were found corrupt.</summary>
    VmDead,

    /// <summary>The vCPU's dirty ring is nearly full: take what it holds and call <c>MmuVm.ResetDirtyRings</c>, then enter.</summary>
    DirtyRingFull,
}
