// Vmm.Run: where everything lies in the physical memory of the processor that runs guests.
namespace Mmu.Vmm.Run;

/// <summary>
/// Physical addresses, as the processor sees them. Guest memory is there twice: once for the guest that runs natively, whose physical
/// addresses are the processor's, and once for the same guest with shadow tables, whose physical addresses are not.
/// </summary>
internal static class HostLayout
{
    /// <summary>The monitor's own pages: descriptor tables, stubs, stack and the tables of the window.</summary>
    internal const ulong Monitor = 0;

    /// <summary>Their size in bytes.</summary>
    internal const ulong MonitorBytes = 1UL << 20;

    /// <summary>
    /// Copies of roots that carry the window, before the arena, in the same region: both are tables that change from outside.
    /// </summary>
    internal const ulong Roots = 2UL << 20;

    /// <summary>How many copies there are.</summary>
    internal const int RootCount = 256;

    /// <summary>The table arena.</summary>
    internal const ulong Arena = Roots + (RootCount * 4096UL);

    /// <summary>Pages of the arena.</summary>
    internal const uint ArenaPages = 15 * 1024;

    /// <summary>First byte after the arena.</summary>
    internal const ulong TablesEnd = Arena + (ArenaPages * 4096UL);

    /// <summary>First byte of guest memory in guest physical addresses, and of the native guest's copy.</summary>
    internal const ulong GuestMemory = 64UL << 20;

    /// <summary>The device that the bundled guest reports its progress to, in guest physical addresses; there is no memory.</summary>
    internal const ulong Device = 0xFEB0_0000;

    /// <summary>First byte of the shadowed guest's copy.</summary>
    /// <param name="guestBytes">Size of guest memory: a multiple of 2 MiB.</param>
    internal static ulong ShadowedMemory(ulong guestBytes) => GuestMemory + guestBytes;

    /// <summary>Size of everything.</summary>
    /// <param name="guestBytes">Size of guest memory.</param>
    internal static ulong Total(ulong guestBytes) => GuestMemory + (2 * guestBytes);
}
