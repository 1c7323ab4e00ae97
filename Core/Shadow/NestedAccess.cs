// Shadow: a fault of L2's second dimension, as L1's tables are asked and as L1 is told.
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Walk;

namespace Mmu.Shadow;

/// <summary>Which access L1's tables are asked for, and what of the processor's report L1 gets to see.</summary>
internal static class NestedAccess
{
    private const ulong EptLinearAddressAndFinal = 0x180;

    /// <summary>The access as the second dimension sees it.</summary>
    internal static uint Of(WalkContext second, in ViolationRequest request)
    {
        if ((request.Flags & ViolationFlags.NoLinearAddress) != 0)
        {
            return SecondDimension.PdpteLoad;
        }

        if ((request.Flags & ViolationFlags.PageWalk) != 0)
        {
#if MMU_FAULT_227
            return SecondDimension.TableRead(second);
#else
            return request.Access.Kind == AccessKind.Write ? SecondDimension.TableWriteOf(second) : SecondDimension.TableRead(second);
#endif
        }

        uint user = (request.Access.Flags & AccessFlags.User) != 0 ? (uint)Rights.User : 0;
        return SecondDimension.FinalAccess(second, request.Access.Bits, user);
    }

    /// <summary>An EPT violation without a linear address says so: what the walk cannot know the processor has told.</summary>
    internal static void Report(in ViolationRequest request, ref WalkResult walk)
    {
        if ((request.Flags & ViolationFlags.NoLinearAddress) != 0 && walk.Outcome == WalkOutcome.EptViolation)
        {
            walk.Code &= ~EptLinearAddressAndFinal;
        }
    }
}
