// Common: the order in which locks are taken.
namespace Mmu.Common;

/// <summary>
/// The locks of a VM in the order in which a thread may take them: each only while it holds none of its own rank or of a higher one. Locks
/// inside `Memory` protect its own lists, are held for a few instructions and call nothing; they rank above all.
/// </summary>
internal enum LockRank
{
    /// <summary>One change of slots or vCPUs at a time.</summary>
    Slots = 8,

    /// <summary>Tables, slots as engines see them, write tracking: <see cref="MmuLock"/>.</summary>
    Mmu = 16,
}
