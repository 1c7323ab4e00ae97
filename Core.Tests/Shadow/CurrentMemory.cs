// Shadow judge: guest memory as the literal walker reads it now.
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

/// <summary>One address space, as it is now. Walks must not mark anything through it.</summary>
internal sealed class CurrentMemory(GuestWorld world, int addressSpace) : OracleMemory
{
    public override bool TryRead(ulong address, int bytes, out ulong value)
    {
        value = 0;
        if (world.Find(addressSpace, address) is not { } slot)
        {
            return false;
        }

        value = slot.Load(address);
        value = bytes == 8 ? value : (uint)(value >> (int)((address & 4) * 8));
        return true;
    }
}
