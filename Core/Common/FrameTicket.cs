// Common: a host frame found without the lock.
using System.Runtime.InteropServices;

namespace Mmu.Common;

/// <summary>A host frame found without the lock, good under it if the sequence says so.</summary>
/// <param name="Frame">The host frame.</param>
/// <param name="Writable">It may be written.</param>
/// <param name="Sequence">The snapshot to check.</param>
/// <param name="Order">log2 of how many frames around it follow each other as the guest's do.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct FrameTicket(ulong Frame, bool Writable, ulong Sequence, int Order);
