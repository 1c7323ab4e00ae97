// Abi: the signature of a callback.
using System.Runtime.InteropServices;

namespace Mmu.Native.Abi;

/// <summary>Makes vCPUs leave the guest, or poll, soon. Must not wait.</summary>
/// <param name="context">The host's context.</param>
/// <param name="vcpus">Their numbers; they are in guest on other threads.</param>
/// <param name="count">How many there are.</param>
internal unsafe delegate void KickCallback(void* context, [In] uint* vcpus, uint count);
