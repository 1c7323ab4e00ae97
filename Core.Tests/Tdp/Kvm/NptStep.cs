// KVM conformance, nested paging: one step of KVM's log.
using System.Collections.Generic;
using Mmu.Tests.KvmLogs;

namespace Mmu.Tests.Tdp.Kvm;

/// <summary>A nested page fault with everything that handling it did, or something that the VMM did with all that followed.</summary>
internal sealed class NptStep
{
    /// <summary>Line of the log on which it starts, from 1.</summary>
    internal required int Line { get; init; }

    /// <summary>What the VMM did; empty for a fault.</summary>
    internal string Mark { get; init; } = string.Empty;

    /// <summary>The guest physical address of the fault.</summary>
    internal ulong Gpa { get; init; }

    /// <summary>Its error code.</summary>
    internal ulong Code { get; init; }

    internal bool IsFault => Mark.Length == 0;

    /// <summary>Without the lock: the entry before and after; null if that was not tried.</summary>
    internal (ulong Old, ulong New, bool Fixed)? Fast { get; set; }

    /// <summary>Frame, host frame and level asked for; null if the fault did not come so far.</summary>
    internal (ulong Gfn, ulong Pfn, int Level)? Requested { get; set; }

    /// <summary>Tables made.</summary>
    internal List<KvmPage> Made { get; } = [];

    /// <summary>Tables taken out.</summary>
    internal List<KvmPage> Zapped { get; } = [];

    /// <summary>Entries changed under the lock.</summary>
    internal List<(ulong Gfn, int Level, ulong Old, ulong New)> Changes { get; } = [];

    /// <summary>Huge pages split.</summary>
    internal List<(ulong Gfn, int Level)> Splits { get; } = [];

    /// <summary>The leaf as it was stored.</summary>
    internal KvmSpte? Leaf { get; set; }
}
