// Native: accesses.
using System.Runtime.CompilerServices;
using Mmu.Architecture;
using Mmu.Native.Abi;

namespace Mmu.Native;

/// <summary>Accesses as numbers.</summary>
internal static class Accesses
{
    private const uint KindMask = 3;
    private const uint All = 0x3F;

    /// <summary>Converts an access; false if the number is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryConvert(AccessBits bits, out Access access)
    {
        uint value = (uint)bits;
        if (value > All || (value & KindMask) == KindMask)
        {
            access = default;
            return false;
        }

        access = new Access((AccessKind)(value & KindMask), (AccessFlags)(value & ~KindMask));
        return true;
    }

    /// <summary>The status of a number that is no access.</summary>
    internal static Status Refuse() => Failure.Of(Status.ErrorArgument, "The access has bits set that have no meaning.");
}
