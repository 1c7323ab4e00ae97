// Vmm.Run: ports by which a guest speaks to the monitor.
namespace Mmu.Vmm.Run.Guests;

/// <summary>Ports of a guest's announcements; the operand is in RAX.</summary>
internal static class GuestPorts
{
    /// <summary>The guest is done; RAX is its checksum.</summary>
    internal const int Exit = 0xE0;

    /// <summary>A MOV to CR0, of RAX.</summary>
    internal const int LoadCr0 = 0xE1;

    /// <summary>A MOV from CR2, to RAX: faults that are the monitor's own change the processor's.</summary>
    internal const int ReadCr2 = 0xE2;

    /// <summary>A MOV to CR3, of RAX.</summary>
    internal const int LoadCr3 = 0xE3;

    /// <summary>An INVLPG of the address in RAX.</summary>
    internal const int Invalidate = 0xE4;

    /// <summary>A MOV to CR4, of RAX.</summary>
    internal const int LoadCr4 = 0xE5;

    /// <summary>A WRMSR of EFER, of RAX.</summary>
    internal const int LoadEfer = 0xE6;
}
