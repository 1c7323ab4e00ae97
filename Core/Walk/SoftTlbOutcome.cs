// Walk: what a miss of the software TLB ended in.
namespace Mmu.Walk;

/// <summary>What <see cref="SoftTlb.Resolve"/> found, and so what the client does.</summary>
public enum SoftTlbOutcome
{
    /// <summary>Nothing was resolved.</summary>
    None,

    /// <summary>
    /// Make the access through <see cref="WalkResult.HostAddress"/>, up to the end of its 4-KiB page. It is cached where it may be.
    /// </summary>
    Memory,

    /// <summary>No slot holds <see cref="WalkResult.Gpa"/>, or a write found a read-only slot: emulate the device or ROM there.</summary>
    Mmio,

    /// <summary>
    /// Somebody wants to know of the store: the frame's writes are tracked, or it holds a table that is shadowed. Leave the guest and make the
    /// store through <c>MmuVm.TryWrite</c>, or announce it with <c>MmuVm.GuestWrote</c>.
    /// </summary>
    Announce,

    /// <summary>The guest's tables refuse the access: inject the fault in the result.</summary>
    Fault,

    /// <summary>Other processors, or the host, keep changing things: poll, then make the access again.</summary>
    Retry,
}
