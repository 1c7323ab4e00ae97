// Common: what a VMM does after a fault.
namespace Mmu.Common;

/// <summary>The answer to a fault, and so what the VMM has to do.</summary>
public enum FaultOutcome
{
    /// <summary>No fault was handled.</summary>
    None,

    /// <summary>The tables now allow the access: run the guest again.</summary>
    Fixed,

    /// <summary>They allowed it already, the processor had an older translation: run the guest again.</summary>
    Spurious,

    /// <summary>Something changed meanwhile, or the vCPU has to enter the guest anew first: run the guest again.</summary>
    Retry,

    /// <summary>The guest's own tables refuse: inject the fault in <see cref="FaultResult.Walk"/>.</summary>
    Inject,

    /// <summary>The access is allowed but no mapping can allow just it: emulate the instruction.</summary>
    Emulate,

    /// <summary>
    /// A write to a guest table that is shadowed, or to a tracked frame: emulate the instruction and announce its store, or ask to unprotect
    /// the frame.
    /// </summary>
    WriteProtected,

    /// <summary>
    /// No slot holds <see cref="FaultResult.Gpa"/>, or a write found a read-only slot: emulate the access to the device or ROM there.
    /// </summary>
    Mmio,

    /// <summary>The table arena is full and nothing could be reclaimed: free vCPUs or enlarge the arena.</summary>
    OutOfPages,

    /// <summary>The VMM has no frame yet: wait for <see cref="FaultResult.Token"/>, then run the guest again.</summary>
    NotYet,

    /// <summary>The frame's memory is lost to a hardware error: tell the guest (machine check) or stop it.</summary>
    Poisoned,

    /// <summary>
    /// The memory is not to be accessed like this: as private memory while it is shared or the other way round, or otherwise than by fetches in a
    /// slot for these alone. <see cref="FaultResult.IsPrivate"/> tells how it was accessed.
    /// </summary>
    MemoryFault,

    /// <summary>The VM was stopped after its tables were found corrupt.</summary>
    VmDead,
}
