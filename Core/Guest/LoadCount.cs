// Guest: counts loads of page-table entries in Debug builds and in the performance gate's own, so that walks can be held to their bounds.
using System;
using System.Diagnostics;

namespace Mmu.Guest;

/// <summary>Page-table entries loaded on each thread. What ships counts nothing.</summary>
internal static class LoadCount
{
    [ThreadStatic]
    private static long _onThisThread;

    /// <summary>Entries loaded on this thread so far.</summary>
    internal static long OnThisThread => _onThisThread;

    /// <summary>Counts one load.</summary>
    [Conditional("MMU_ASSERT")]
    [Conditional("MMU_COUNT")]
    internal static void Add() => _onThisThread++;
}
