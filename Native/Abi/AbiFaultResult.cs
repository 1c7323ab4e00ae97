// Abi: what handling a fault found.
using System.Runtime.InteropServices;
using Mmu.Common;

namespace Mmu.Native.Abi;

/// <summary>What to do after a fault. Members that do not belong to the outcome are 0.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiFaultResult
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>What to do.</summary>
    internal FaultOutcome Outcome;

    /// <summary>The guest physical address of the access, if the guest's tables translate it.</summary>
    internal ulong Gpa;

    /// <summary>Of NOT_YET: what the resolver gave.</summary>
    internal ulong Token;

    /// <summary>Of WRITE_PROTECTED: not 0 if the store goes to a table that its own translation uses. It must be emulated.</summary>
    internal uint HitsOwnTables;

    /// <summary>Of MEMORY_FAULT: not 0 if the memory was accessed as private memory.</summary>
    internal uint IsPrivate;
}
