// Memory: the roots for PAE paging in the table arena.
namespace Mmu.Memory;

internal sealed partial class TableArena
{
    /// <summary>True if PAE roots can be had at all: the arena has pages with frames below 4 GiB for them.</summary>
    internal bool HasLowRoots { get; }

    /// <summary>PAE roots that were not freed yet.</summary>
    internal int OutstandingRoots => _roots.Outstanding;

    /// <summary>Takes a root with four entries that are not present (0); false if there is none left, or none at all.</summary>
    internal bool TryAllocatePaeRoot(out PaeRoot root)
    {
        if (Faults?.Fails() == true)
        {
            root = PaeRoot.None;
            return false;
        }

        return _roots.TryAllocate(out root);
    }

    /// <summary>Takes a root back that no CPU uses any more.</summary>
    internal void FreePaeRoot(PaeRoot root) => _roots.Free(root);

    /// <summary>What CR3 has to hold for a root: below 4 GiB, a multiple of 32.</summary>
    internal ulong PhysicalAddressOf(PaeRoot root) => (_firstFrame << FrameShift) + PaeRootPool.OffsetOf(root);

    /// <summary>The root with an address that CR3 holds; none if there is no such root in use.</summary>
    internal PaeRoot PaeRootAt(ulong physicalAddress) => _roots.Find(physicalAddress - (_firstFrame << FrameShift));

    /// <summary>Loads one of the four entries of a root.</summary>
    internal ulong Load(PaeRoot root, int index) => _roots.Load(root, index);

    /// <summary>Stores one of the four entries of a root.</summary>
    internal void Store(PaeRoot root, int index, ulong value) => _roots.Store(root, index, value);
}
