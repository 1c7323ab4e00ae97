// Shadow: where the host frame of a fault comes from.
using System.Runtime.InteropServices;
using Mmu.Common;

namespace Mmu.Shadow;

/// <summary>The VMM's answer for a slot whose frames are resolved on demand; default for all other slots.</summary>
/// <param name="IsResolved">True if the VMM was asked.</param>
/// <param name="Ticket">Its answer.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct FrameSource(bool IsResolved, FrameTicket Ticket);
