// How many entries one attempt of a walk may read: n for n levels, (n+1)(m+1)−1 behind a second dimension of m levels.
using Mmu.Guest;
using Mmu.Tests.Walk;

namespace Mmu.Tests.Properties;

internal static class ReadLimit
{
    /// <summary>True in builds that count loads of entries.</summary>
    internal static bool CanCount
    {
        get
        {
#if MMU_ASSERT
            return true;
#else
            return false;
#endif
        }
    }

    /// <summary>Entries loaded on this thread so far.</summary>
    internal static long Loads => LoadCount.OnThisThread;

    internal static int Of(GuestMode mode, SecondMode second)
    {
        // PDPTEs are registers, except behind nested page tables.
        bool inRegisters = mode == GuestMode.Pae && second is SecondMode.None or SecondMode.Ept4 or SecondMode.Ept4Marking or SecondMode.Ept5Marking;
        int levels = (Machine.ShapeOf(mode)?.Levels ?? 0) - (inRegisters ? 1 : 0);
        int secondLevels = Machine.ShapeOf(second)?.Levels ?? 0;
        return ((levels + 1) * (secondLevels + 1)) - 1;
    }
}
