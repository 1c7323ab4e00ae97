// TDP judge: a processor that runs a guest on our tables: root, walker and TLB.
using Mmu.Common;
using Mmu.Tests.Conformance;

namespace Mmu.Tests.Tdp;

/// <summary>
/// A processor whose TLB keeps what it may for as long as it may: entries go when they are evicted, when the library asks for a flush, and
/// when a fault names their address.
/// </summary>
internal sealed class GpaCpu(GpaWalker walker, SeededRandom random)
{
    private const int TlbEntries = 24;

    private bool _isInGuest;
    private bool _flushNextRoot;

    internal GpaWalker Walker => walker;

    /// <summary>Host physical address of the root table, as EPTP or nCR3 holds it.</summary>
    internal ulong Root { get; private set; }

    internal GpaTlb Tlb { get; } = new(TlbEntries, random);

    /// <summary>True if the last access was answered without a look at the tables.</summary>
    internal bool WasCached { get; private set; }

    /// <summary>Tries an access and caches its translation; no memory is read or written.</summary>
    internal GpaOutcome Access(ulong gpa, GpaAccess access)
    {
        WasCached = false;
        if (Tlb.TryFind(Root, gpa, out GpaPage page))
        {
            bool allowed = page.Allows(access, walker.Format);
            if (allowed && (!access.Writes(walker.Format) || page.Dirty))
            {
                WasCached = true;
                return new GpaOutcome(GpaOutcomeKind.Passes, 0, page);
            }

            // A processor may take the cached rights for the truth or look again; either way the entry is gone afterwards.
            Tlb.Drop(Root, gpa);
            if (!allowed && random.Next(2) == 0)
            {
                return new GpaOutcome(GpaOutcomeKind.Violation, CodeOf(page, access), page);
            }
        }

        GpaOutcome outcome = walker.Walk(Root, gpa, access, update: true);
        if (outcome.Passes)
        {
            Tlb.Insert(Root, outcome.Page);
        }

        return outcome;
    }

    /// <summary>What an access would find, with the TLB or without; nothing changes.</summary>
    internal GpaOutcome Peek(ulong gpa, GpaAccess access, bool useTlb)
    {
        // A write through a clean entry has to mark the tables' entry, so that those are looked at again.
        if (useTlb && Tlb.TryFind(Root, gpa, out GpaPage page) && (!access.Writes(walker.Format) || page.Dirty))
        {
            return page.Allows(access, walker.Format)
                ? new GpaOutcome(GpaOutcomeKind.Passes, 0, page)
                : new GpaOutcome(GpaOutcomeKind.Violation, CodeOf(page, access), page);
        }

        return walker.Walk(Root, gpa, access, update: false);
    }

    /// <summary>Enters the guest on a root. What is cached of other roots stays, under their tags.</summary>
    internal void LoadRoot(ulong root)
    {
        Root = root;
        _isInGuest = true;
        if (_flushNextRoot)
        {
            _flushNextRoot = false;
            Tlb.DropRoot(root);
        }
    }

    internal void LeaveGuest() => _isInGuest = false;

    /// <summary>
    /// Executes a flush that the library asked for; outside the guest "the current root" is the one to be loaded next. Flushes of a page are of
    /// the guest's linear addresses, of which this TLB knows nothing.
    /// </summary>
    internal void Flush(FlushRange range)
    {
        if (range.Scope == FlushScope.CurrentRoot && _isInGuest)
        {
            Tlb.DropRoot(Root);
        }
        else if (range.Scope == FlushScope.CurrentRoot)
        {
            _flushNextRoot = true;
        }
        else if (range.Scope != FlushScope.Page)
        {
            Tlb.Clear();
        }
    }

    private ulong CodeOf(GpaPage page, GpaAccess access)
    {
        ulong rights = (page.Readable ? 1UL : 0) | (page.Writable ? 2UL : 0) | (page.Executable ? 4UL : 0);
        return EntryRules.CodeOf(walker.Format, access, walker.Format == EntryFormat.Npt ? 1 : rights, reserved: false);
    }
}
