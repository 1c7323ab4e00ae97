// Common: what handling a fault found.
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Walk;

namespace Mmu.Common;

/// <summary>Details of a <see cref="FaultOutcome"/>; members that do not belong to it are default.</summary>
[StructLayout(LayoutKind.Auto)]
public struct FaultResult
{
    /// <summary>The walk of the guest's tables: the fault to inject, or the translation.</summary>
    public WalkResult Walk;

    /// <summary>The guest physical address of the access, if the guest's tables translate it.</summary>
    public Gpa Gpa;

    /// <summary>Of <see cref="FaultOutcome.NotYet"/>: what the VMM's resolver gave; never 0.</summary>
    public ulong Token;

    /// <summary>
    /// Of <see cref="FaultOutcome.WriteProtected"/>: the store goes to a table that its own translation uses. Taking the protection off
    /// would not let the guest get any further; the instruction must be emulated.
    /// </summary>
    public bool HitsOwnTables;

    /// <summary>Of a fault of the second dimension: the guest accessed the address as private memory.</summary>
    public bool IsPrivate;
}
