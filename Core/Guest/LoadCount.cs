// Guest: counts loads of page-table entries in Debug builds, so that tests can hold walks to their bounds.
using System;
using System.Diagnostics;

namespace Mmu.Guest;

/// <summary>Page-table entries loaded on each thread. Release builds count nothing.</summary>
internal static class LoadCount
{
    [ThreadStatic]
    private static long _onThisThread;

    /// <summary>Entries loaded on this thread so far.</summary>
    internal static long OnThisThread => _onThisThread;

    /// <summary>Counts one load.</summary>
    [Conditional("MMU_ASSERT")]
    internal static void Add() => _onThisThread++;
}
