// Vmm.Run: ports by which a guest speaks to the monitor.
namespace Mmu.Vmm.Run.Guests;

/// <summary>Ports of a guest's announcements; the operand is in RAX.</summary>
internal static class GuestPorts
{
    /// <summary>The guest is done; RAX is its checksum.</summary>
    internal const int Exit = 0xE0;

    /// <summary>A MOV to CR3, of RAX.</summary>
    internal const int LoadCr3 = 0xE3;

    /// <summary>An INVLPG of the address in RAX.</summary>
    internal const int Invalidate = 0xE4;
}
