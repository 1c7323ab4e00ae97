// Diagnostics: lets tests stop a thread between two steps of a change, present under MMU_ASSERT (Debug) only.
using System;
using System.Diagnostics;

namespace Mmu.Diagnostics;

/// <summary>What a thread tells a test of where it is. Each thread has a hook of its own, so that tests do not see each other.</summary>
internal static class SchedulePoint
{
    [ThreadStatic]
    private static Action<SchedulePointKind>? _hook;

    /// <summary>What the calling thread runs at each point; it must not change the thing that it interrupts. Null for nothing.</summary>
    internal static Action<SchedulePointKind>? Hook
    {
        get => _hook;
        set => _hook = value;
    }

    /// <summary>The calling thread has come to a point.</summary>
    [Conditional("MMU_ASSERT")]
    internal static void At(SchedulePointKind kind) => _hook?.Invoke(kind);
}
