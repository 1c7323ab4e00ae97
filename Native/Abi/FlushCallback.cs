// Abi: the signature of a callback.
using System.Runtime.InteropServices;
using Mmu.Common;

namespace Mmu.Native.Abi;

/// <summary>
/// Empties TLBs of vCPUs: either the calling vCPU alone, at its entry or poll, or vCPUs that are in guest on other threads. A larger flush is
/// always right.
/// </summary>
/// <param name="context">The host's context.</param>
/// <param name="vcpus">Their numbers.</param>
/// <param name="count">How many there are.</param>
/// <param name="scope">Which translations.</param>
/// <param name="address">Of MMU_FLUSH_SCOPE_PAGE, the linear address.</param>
/// <returns>
/// Not 0: done, none of them uses an older translation any more. 0: not reached from here; the library kicks them and waits until each has
/// entered anew or polled. For the calling vCPU it must not be 0.
/// </returns>
internal unsafe delegate uint FlushCallback(void* context, [In] uint* vcpus, uint count, FlushScope scope, ulong address);
