// KVM conformance: one step of KVM's log.
using System.Collections.Generic;
using Mmu.Tests.KvmLogs;

namespace Mmu.Tests.Kvm;

/// <summary>A fault with everything that handling it did, or another step.</summary>
internal sealed class KvmStep
{
    /// <summary>What it is.</summary>
    internal required KvmStepKind Kind { get; init; }

    /// <summary>Line of the log on which it starts, from 1.</summary>
    internal required int Line { get; init; }

    /// <summary>The linear address.</summary>
    internal ulong Address { get; set; }

    /// <summary>Error code of the fault, or of the walk.</summary>
    internal uint Code { get; set; }

    /// <summary>What the VMM did.</summary>
    internal string Mark { get; init; } = string.Empty;

    /// <summary>The guest's entries that the walker met, from the highest level on.</summary>
    internal List<(ulong Entry, int Level)> Entries { get; } = [];

    /// <summary>Addresses of the entries in which it set the accessed bit.</summary>
    internal List<ulong> Accessed { get; } = [];

    /// <summary>Addresses of the entries in which it set the dirty bit.</summary>
    internal List<ulong> Dirty { get; } = [];

    /// <summary>Pages made or found; of a sync the page.</summary>
    internal List<KvmPage> Pages { get; } = [];

    /// <summary>Pages that became unsync.</summary>
    internal List<KvmPage> Unsynced { get; } = [];

    /// <summary>Frame and level asked for; null if the fault did not come so far.</summary>
    internal (ulong Gfn, int Level)? Requested { get; set; }

    /// <summary>SPTEs stored.</summary>
    internal List<KvmSpte> Sptes { get; } = [];
}
