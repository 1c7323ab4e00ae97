// Vmm.Run: rings that guests' code runs in.
namespace Mmu.Vmm.Run.Processors;

/// <summary>A ring. For paging all but <see cref="User"/> are supervisor mode.</summary>
internal enum Ring
{
    /// <summary>Ring 0.</summary>
    Kernel = 0,

    /// <summary>Ring 1: a 32-bit guest's kernel on shadow tables, so that its faults change to the monitor's stack too.</summary>
    Deprivileged = 1,

    /// <summary>Ring 3.</summary>
    User = 3,
}
