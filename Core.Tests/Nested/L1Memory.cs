// Nested judge: L1's memory as the oracle reads it.
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Nested;

/// <summary>Reads words of a scene's memory; nothing is marked.</summary>
internal sealed class L1Memory(L2Scene scene) : OracleMemory
{
    public override bool TryRead(ulong address, int bytes, out ulong value)
    {
        bool inside = address < L2Scene.RamPages * L2Scene.Page;
        value = inside ? scene.Word(address) : 0;
        return inside;
    }

    public override void SetBits(ulong address, int bytes, ulong bits)
    {
    }
}
