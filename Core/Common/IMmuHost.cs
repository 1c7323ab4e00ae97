// Common: the VMM's side of the contract.
using System;
using Mmu.Addressing;

namespace Mmu.Common;

/// <summary>What the library asks of the VMM it is linked into.</summary>
/// <remarks>No method may call back into the VM it came from; Debug builds throw.</remarks>
public interface IMmuHost
{
    /// <summary>Empties TLBs.</summary>
    /// <param name="vcpus">
    /// Numbers of the vCPUs: either the calling vCPU alone, at its entry or poll, or vCPUs that are in guest on other threads.
    /// </param>
    /// <param name="range">What to empty them of; a larger flush is always right.</param>
    /// <returns>
    /// True if it is done: none of them uses an older translation any more. False if they cannot be reached from here: the library then
    /// calls <see cref="Kick"/> and waits until each has entered anew or polled. For the calling vCPU it must be true.
    /// </returns>
    bool Flush(ReadOnlySpan<int> vcpus, FlushRange range);

    /// <summary>Makes vCPUs leave the guest, or poll, soon. Does not wait.</summary>
    /// <param name="vcpus">Numbers of the vCPUs, which are in guest on other threads.</param>
    void Kick(ReadOnlySpan<int> vcpus);

    /// <summary>
    /// Finds the host frame of a guest frame on demand; called with no lock held, only for slots that ask for it.
    /// </summary>
    /// <param name="gfn">The guest frame.</param>
    /// <param name="write">True if the access writes.</param>
    /// <returns>The frame, or why there is none.</returns>
    ResolvedFrame Resolve(Gfn gfn, bool write) => throw new NotSupportedException("A slot is resolved on demand, but this IMmuHost does not implement Resolve.");
}
