// Sptes: one format of SPTE as static code; its implementations are generated from [SpteFormat] declarations.
using Mmu.Architecture;

namespace Mmu.Sptes;

/// <summary>One SPTE format, used as a type argument. Addresses are host physical, aligned, without the encryption bit.</summary>
/// <remarks>Unless said otherwise, what takes an SPTE takes a present one (<see cref="Spte.IsPresent"/>).</remarks>
internal interface ISpteFormat
{
    /// <summary>Name of the format.</summary>
    static abstract string Name { get; }

    /// <summary>
    /// An entry that maps a page. W is set only if both writable traits are. EPT has no W without R: a page that cannot be read is not
    /// MMU-writable either.
    /// </summary>
    static abstract ulong MakeLeaf(SpteHost host, in LeafSpec spec);

    /// <summary>An entry that names a table and allows everything: leaves and roles restrict.</summary>
    static abstract ulong MakeNonLeaf(SpteHost host, ulong frame);

    /// <summary>True if the host leaves the format a way to mark MMIO.</summary>
    static abstract bool CachesMmio(SpteHost host);

    /// <summary>
    /// An entry whose use faults and tells what was found there: no memory. <see cref="Spte.Empty"/> where the format cannot say so or hold
    /// the number, which costs time only.
    /// </summary>
    /// <param name="host">The host.</param>
    /// <param name="gfn">Guest frame number.</param>
    /// <param name="rights">W and U are kept where the format has room.</param>
    /// <param name="generation">18 bits of the slots' generation.</param>
    static abstract ulong MakeMmio(SpteHost host, ulong gfn, Rights rights, uint generation);

    /// <summary>True for an entry that <see cref="MakeMmio"/> marked. Takes any entry.</summary>
    static abstract bool IsMmio(SpteHost host, ulong spte);

    /// <summary>Guest frame number of an MMIO entry.</summary>
    static abstract ulong MmioGfn(SpteHost host, ulong spte);

    /// <summary>Generation of an MMIO entry.</summary>
    static abstract uint MmioGeneration(ulong spte);

    /// <summary>Rights kept by an MMIO entry: R, with W and U as given; none at all where the format keeps none.</summary>
    static abstract Rights MmioRights(ulong spte);

    /// <summary>True if the CPU may write.</summary>
    static abstract bool IsWritable(ulong spte);

    /// <summary>True if W may be restored without looking further.</summary>
    static abstract bool IsMmuWritable(ulong spte);

    /// <summary>True if the host lets the page be written.</summary>
    static abstract bool IsHostWritable(ulong spte);

    /// <summary>True if the page was accessed since that was last cleared.</summary>
    static abstract bool IsAccessed(ulong spte);

    /// <summary>True if the page was written since that was last cleared.</summary>
    static abstract bool IsDirty(ulong spte);

    /// <summary>True if the CPU may fetch; in EPT, from supervisor-mode addresses.</summary>
    static abstract bool IsExecutable(ulong spte);

    /// <summary>True if user accesses are allowed; in EPT, fetches from user-mode addresses.</summary>
    static abstract bool IsUser(ulong spte);

    /// <summary>What the CPU would allow. Takes any entry.</summary>
    static abstract Rights RightsOf(ulong spte);

    /// <summary>Clears W, and MMU-writable unless that is kept, as it is for dirty logging alone.</summary>
    static abstract ulong WriteProtect(ulong spte, bool keepMmuWritable);

    /// <summary>
    /// Sets W; the caller has seen <see cref="IsMmuWritable"/>. Where no CPU sets A and D, saved rights and both bits come with it.
    /// </summary>
    static abstract ulong RestoreWrite(ulong spte);

    /// <summary>Makes the next access show: clears A, and where no CPU sets A, all rights, of which R and X are saved.</summary>
    static abstract ulong ClearAccessed(ulong spte);

    /// <summary>True if the rights are saved away.</summary>
    static abstract bool IsAccessTracked(ulong spte);

    /// <summary>Gives saved rights back, never W; others stay as they are.</summary>
    static abstract ulong RestoreAccess(ulong spte);

    /// <summary>Makes the next write show: clears D, and where no CPU sets D, W as well.</summary>
    static abstract ulong ClearDirty(ulong spte);

    /// <summary>The leaf one level down that maps the <paramref name="index"/>th part of a huge leaf alike.</summary>
    /// <param name="host">The host.</param>
    /// <param name="hugeSpte">A leaf at <paramref name="hugeLevel"/>.</param>
    /// <param name="hugeLevel">2 or 3.</param>
    /// <param name="index">0 to 511.</param>
    /// <param name="executable">True to allow fetches that only the size of the page had forbidden.</param>
    static abstract ulong SplitChild(SpteHost host, ulong hugeSpte, int hugeLevel, int index, bool executable);

    /// <summary>True if the CPU or a fault without the lock may change the entry meanwhile. Takes any entry.</summary>
    static abstract bool NeedsAtomic(ulong spte);

    /// <summary>What must follow when <paramref name="new"/> replaces <paramref name="old"/>. Takes any entries.</summary>
    static abstract SpteConsequences Compare(ulong old, ulong @new);

    /// <summary>The entry in words. Takes any entry.</summary>
    static abstract string Describe(ulong spte, int level);
}
