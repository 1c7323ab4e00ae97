// Vmm.Run: memory as an instruction sees it.
namespace Mmu.Vmm.Run.Processors.Model;

/// <summary>Memory by linear address. An access that is refused has no effect; the bus keeps what refused it.</summary>
internal interface IBus
{
    /// <summary>Loads 1 to 8 bytes.</summary>
    bool TryLoad(ulong address, int bytes, out ulong value);

    /// <summary>Stores 1 to 8 bytes.</summary>
    bool TryStore(ulong address, int bytes, ulong value);
}
