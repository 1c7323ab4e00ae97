// TDP judge: a translation of guest physical addresses as a processor caches it.
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Tdp;

/// <summary>One page: where it is and what the whole path to it allows.</summary>
/// <param name="Gpa">Its first guest physical address.</param>
/// <param name="Shift">12, 21 or 30.</param>
/// <param name="Physical">Its first host physical address.</param>
/// <param name="Readable">It may be read.</param>
/// <param name="Writable">It may be written.</param>
/// <param name="Executable">It may be fetched from.</param>
/// <param name="Dirty">The table's entry says that it was written; writes need not tell it again.</param>
/// <param name="Accessed">The table's entry says that it was accessed.</param>
internal readonly record struct GpaPage(
    ulong Gpa, int Shift, ulong Physical, bool Readable, bool Writable, bool Executable, bool Dirty, bool Accessed)
{
    internal bool Covers(ulong gpa) => gpa >> Shift == Gpa >> Shift;

    /// <summary>The host physical address behind a guest physical one of the page.</summary>
    internal ulong PhysicalOf(ulong gpa) => Physical + (gpa & ((1UL << Shift) - 1));

    internal bool Allows(GpaAccess access, EntryFormat format) =>
        (access.Writes(format) ? Writable : true) && (access.Kind == OracleKind.Fetch ? Executable : Readable);

    internal bool Overlaps(ulong gpa, ulong bytes) => Gpa < gpa + bytes && gpa < Gpa + (1UL << Shift);
}
