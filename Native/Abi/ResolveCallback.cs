// Abi: the signature of a callback.
namespace Mmu.Native.Abi;

/// <summary>Finds the host frame of a guest frame on demand. May take its time: no lock is held.</summary>
/// <param name="context">The host's context.</param>
/// <param name="gfn">The guest frame number.</param>
/// <param name="write">Not 0 if the access writes.</param>
/// <param name="frame">Receives the answer; its struct_size is set.</param>
internal unsafe delegate void ResolveCallback(void* context, ulong gfn, uint write, AbiResolvedFrame* frame);
