// Common: the VMM's answer when it is asked for a host frame.
using System.Runtime.InteropServices;
using Mmu.Addressing;

namespace Mmu.Common;

/// <summary>Where a guest frame is, or why it is nowhere.</summary>
/// <param name="Kind">What was found.</param>
/// <param name="Frame">The host frame, of <see cref="ResolvedKind.Present"/> and <see cref="ResolvedKind.ReadOnly"/>.</param>
/// <param name="Token">Of <see cref="ResolvedKind.NotYet"/>: names what to wait for; not 0.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ResolvedFrame(ResolvedKind Kind, Pfn Frame, ulong Token)
{
    /// <summary>
    /// log2 of the number of frames around <see cref="Frame"/>, aligned to it, that follow each other as the guest's frames do and may be mapped as
    /// one: 0, or 9 for 2 MiB, or 18 for 1 GiB.
    /// </summary>
    public int Order { get; init; }
}
