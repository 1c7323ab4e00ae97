// Walk: writes eight translations at once.
// UNSAFETY: the results are written as the four words that a translation consists of; the caller has checked that eight results follow the first.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Mmu.Walk;

/// <summary>Turns four vectors of eight lanes into the first four words of eight <see cref="WalkResult"/>s.</summary>
internal static class ResultBlock
{
    /// <summary>Writes address, host pointer, leaf and info of eight translations; the other words keep what they held.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(
        ref WalkResult first, Vector512<ulong> gpas, Vector512<ulong> hosts, Vector512<ulong> entries, Vector512<ulong> infos)
    {
        // Each 128-bit part of a pair holds two words of one result: even lanes come from the low halves, odd lanes from the high ones.
        Vector512<ulong> lowPairs = Avx512F.UnpackLow(gpas, hosts);
        Vector512<ulong> lowRest = Avx512F.UnpackLow(entries, infos);
        Vector512<ulong> highPairs = Avx512F.UnpackHigh(gpas, hosts);
        Vector512<ulong> highRest = Avx512F.UnpackHigh(entries, infos);
        Vector512<ulong> firstParts = Vector512.Create(0UL, 1, 8, 9, 2, 3, 10, 11);
        Vector512<ulong> lastParts = Vector512.Create(4UL, 5, 12, 13, 6, 7, 14, 15);
        Vector512<ulong> results02 = Avx512F.PermuteVar8x64x2(lowPairs, firstParts, lowRest);
        Vector512<ulong> results46 = Avx512F.PermuteVar8x64x2(lowPairs, lastParts, lowRest);
        Vector512<ulong> results13 = Avx512F.PermuteVar8x64x2(highPairs, firstParts, highRest);
        Vector512<ulong> results57 = Avx512F.PermuteVar8x64x2(highPairs, lastParts, highRest);
        Put(ref first, 0, results02.GetLower());
        Put(ref first, 1, results13.GetLower());
        Put(ref first, 2, results02.GetUpper());
        Put(ref first, 3, results13.GetUpper());
        Put(ref first, 4, results46.GetLower());
        Put(ref first, 5, results57.GetLower());
        Put(ref first, 6, results46.GetUpper());
        Put(ref first, 7, results57.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(ref WalkResult first, int index, Vector256<ulong> words) =>
        words.StoreUnsafe(ref Unsafe.As<WalkResult, ulong>(ref Unsafe.Add(ref first, index)));
}
