// TDP judge: the formats of tables that the judge's processors can walk.
namespace Mmu.Tests.Tdp;

internal enum EntryFormat
{
    /// <summary>Extended page tables; EPTP bit 6 is set.</summary>
    Ept,

    /// <summary>Extended page tables; no processor sets A and D.</summary>
    EptNoMarks,

    /// <summary>AMD's nested page tables.</summary>
    Npt,
}
