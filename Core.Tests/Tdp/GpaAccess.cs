// TDP judge: an access to guest physical memory.
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Tdp;

/// <param name="Kind">Read, write or fetch.</param>
/// <param name="PageWalk">Made by the processor to read or mark an entry of the guest's own tables.</param>
internal readonly record struct GpaAccess(OracleKind Kind, bool PageWalk = false)
{
    internal static GpaAccess Read => new(OracleKind.Read);

    internal static GpaAccess Write => new(OracleKind.Write);

    internal static GpaAccess Fetch => new(OracleKind.Fetch);

    /// <summary>
    /// True if it needs W. NPT and EPT with accessed and dirty bits take every access to the guest's own tables for a write: AMD APM "Nested
    /// Table Walk", Intel SDM "Accessed and Dirty Flags for EPT".
    /// </summary>
    internal bool Writes(EntryFormat format) => Kind == OracleKind.Write || (PageWalk && format != EntryFormat.EptNoMarks);
}
