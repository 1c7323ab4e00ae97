// Tdp: checks every invariant of the TDP MMU's tables.
using System.Collections.Generic;
using System.Globalization;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary>
/// Goes through all tables and says what is broken first. Lock held exclusively, so that nothing is half-way; vCPUs are quiet but for faults without
/// the lock.
/// </summary>
internal sealed class TdpAudit<TSpte>
    where TSpte : struct, ISpteFormat
{
    private readonly TdpState _state;
    private readonly TdpVcpu?[] _vcpus;
    private readonly HashSet<uint> _seen = [];
    private readonly long[] _leaves = new long[4];
    private string? _broken;

    internal TdpAudit(TdpState state, TdpVcpu?[] vcpus)
    {
        _state = state;
        _vcpus = vcpus;
    }

    /// <summary>What is broken; null if nothing is.</summary>
    internal string? Run()
    {
        for (int addressSpace = 0; addressSpace < 2; addressSpace++)
        {
            PageHandle root = _state.Roots.Of(addressSpace);
            if (!root.IsNone)
            {
                CheckRoot(root, addressSpace, isValid: true);
                CheckTable(root, isValid: true);
            }
        }

        for (PageHandle root = _state.Roots.FirstInvalid; !root.IsNone; root = new PageHandle(_state.Pages[root].Next))
        {
            CheckRoot(root, _state.Pages[root].AddressSpace, isValid: false);
            CheckTable(root, isValid: false);
        }

        CheckCounts();
        return _broken;
    }

    private void CheckRoot(PageHandle root, int addressSpace, bool isValid)
    {
        TdpPage header = _state.Pages[root];
        Require(header.IsRoot && header.Level == _state.Options.Levels && header.Gfn == 0 && header.AddressSpace == addressSpace, root, -1, "is no root of its space");
        int holders = 1;
        foreach (TdpVcpu? vcpu in _vcpus)
        {
            holders += vcpu?.Root == root ? 1 : 0;
        }

        Require(header.References == holders, root, -1, $"has {header.References} references, but {holders} holders");
        Require(isValid || _state.Roots.Of(addressSpace) != root, root, -1, "is valid and invalid at once");
    }

    private void CheckTable(PageHandle page, bool isValid)
    {
        TdpPage header = _state.Pages[page];
        if (!_seen.Add(page.Index))
        {
            Require(condition: false, page, -1, "is named twice");
            return;
        }

        PtPage words = _state.Pages.Tables[page];
        for (int i = 0; i < TdpPages.EntryCount; i++)
        {
            ulong spte = words.Load(i);
            ulong gfn = header.Gfn + ((ulong)i * PageLevel.FramesOf(header.Level));
            if (!Spte.IsPresent(spte))
            {
                CheckAbsent(page, i, gfn, header.Level, spte, isValid);
            }
            else if (Spte.IsLeaf(spte, header.Level))
            {
                CheckLeaf(page, i, gfn, header.Level, spte, isValid);
            }
            else
            {
                CheckChild(page, i, gfn, header.Level, spte, isValid);
            }
        }
    }

    // Invariants 11 and 12.
    private void CheckAbsent(PageHandle page, int index, ulong gfn, int level, ulong spte, bool isValid)
    {
        Require(spte != Spte.Frozen, page, index, "is frozen, and nobody is at it");
        if (!Spte.IsEmpty(spte) && isValid)
        {
            bool isMmio = TSpte.IsMmio(_state.Vm.SpteHost, spte);
            Require(isMmio && level == 1, page, index, "says neither nothing nor MMIO");
            bool current = isMmio && TSpte.MmioGeneration(spte) == _state.Vm.SlotGeneration;
            Require(!current || (TSpte.MmioGfn(_state.Vm.SpteHost, spte) == gfn && SlotOf(page, gfn) is null), page, index, "says MMIO where a slot is, or of another frame");
        }
    }

    private void CheckChild(PageHandle page, int index, ulong gfn, int level, ulong spte, bool isValid)
    {
        PageHandle child = _state.Pages.ChildOf(spte);
        if (level == 1 || child.IsNone)
        {
            Require(condition: false, page, index, "names no table of ours");
            return;
        }

        TdpPage header = _state.Pages[child];
        Require(!header.IsRoot && header.Gfn == gfn && header.Level == level - 1 && header.Parent == (page, index), page, index, "names a table of another place");
        Require(spte == WithoutMarks(TSpte.MakeNonLeaf(_state.Vm.SpteHost, _state.Pages.Tables.FrameOf(child).Value << 12), spte), page, index, "is no entry that names a table");
        CheckTable(child, isValid);
    }

    // Invariants 3, 5, 6, 8.
    private void CheckLeaf(PageHandle page, int index, ulong gfn, int level, ulong spte, bool isValid)
    {
        _leaves[level <= 3 ? level : 0]++;
        Require(level <= _state.Options.HighestPageLevel, page, index, "maps a page larger than there are");
        bool host = TSpte.IsHostWritable(spte);
        bool mmu = TSpte.IsMmuWritable(spte);
        bool writable = TSpte.IsWritable(spte);
        Require((host || !mmu) && (mmu || !writable), page, index, "is writable against the order of host, MMU and W");
        if (!isValid)
        {
            return;
        }

        Require(level == 1 || !_state.Vm.NxHugePages || !TSpte.IsExecutable(spte), page, index, "is a huge page that can be executed");
        ulong frames = PageLevel.FramesOf(level);
        SlotRecord? slot = SlotOf(page, gfn);
        if (slot is null || gfn < slot.BaseGfn || gfn + frames > slot.EndGfn)
        {
            Require(condition: false, page, index, "maps frames that are in no slot");
            return;
        }

        ulong frame = Spte.FrameOf(_state.Vm.SpteHost, spte) >> 12;
        Require(((gfn ^ frame) & (frames - 1)) == 0 && (slot.IsResolved || frame == slot.HostFrameOf(gfn)), page, index, "maps the wrong frame");
        Require(!host || !slot.IsReadOnly, page, index, "is host-writable in a read-only slot");
        Require(!slot.IsExecuteOnly || (TSpte.RightsOf(spte) & (Rights.Read | Rights.Write)) == 0, page, index, "can be read in a slot to be executed only");
        Require(level == 1 || !mmu || slot.Huge.HighestAllowed(gfn, level) == level, page, index, "is a huge page where none is allowed");
        if (writable && slot.DirtyLog is { } log && !(_state.Vm.LogsByDirtyBits && !TSpte.IsDirty(spte)))
        {
            CheckMarked(page, index, log, gfn, gfn + frames);
        }

        // Of a huge page the counts have told already that no frame is tracked or shadowed.
        bool guarded = level == 1 && mmu && slot.IsGuarded(gfn);
        Require(!guarded || !slot.IsTracked(gfn), page, index, "lets a tracked frame be written");
        Require(!guarded || _state.Vm.IsShadowedInStep?.Invoke(slot, gfn) != true, page, index, "lets a shadowed frame be written");
    }

    // Invariant 9: what can be written unnoticed counts as written already.
    private void CheckMarked(PageHandle page, int index, DirtyLog log, ulong first, ulong end)
    {
        for (ulong gfn = first; gfn < end && _broken is null; gfn++)
        {
            Require(log.IsMarked(gfn), page, index, "may write a frame that is not marked in the dirty log");
        }
    }

    private void CheckCounts()
    {
        TdpTally tally = _state.HostTally;
        ulong caches = 0;
        foreach (TdpVcpu? vcpu in _vcpus)
        {
            if (vcpu is not null)
            {
                tally.Add(vcpu.Tally);
                caches += (ulong)vcpu.Pages.Count;
            }
        }

        // Of a root that is being let go, whose last holder has not been by, the page alone is left.
        ulong roots = 0;
        foreach (TdpVcpu? vcpu in _vcpus)
        {
            roots += vcpu is not null && !vcpu.Root.IsNone && _seen.Add(vcpu.Root.Index) ? 1UL : 0;
        }

        ulong tables = tally.TablesMade - tally.TablesRemoved;
        ulong seen = (ulong)_seen.Count - roots;
        Require(tables == seen, default, -1, $"the count of tables is {tables}, but there are {seen}");
        Require(
            tally.Pages4K == _leaves[1] && tally.Pages2M == _leaves[2] && tally.Pages1G == _leaves[3], default, -1,
            $"the counts of pages are {tally.Pages4K}, {tally.Pages2M}, {tally.Pages1G}, but there are {_leaves[1]}, {_leaves[2]}, {_leaves[3]}");
        ulong outstanding = _state.Pages.Tables.OutstandingPages;
        Require(outstanding >= seen + roots + caches, default, -1, $"the arena has {outstanding} pages out, but {seen + roots + caches} are in use");
    }

    private SlotRecord? SlotOf(PageHandle page, ulong gfn)
    {
        PageHandle at = page;
        while (!_state.Pages[at].IsRoot)
        {
            at = _state.Pages[at].Parent.Page;
        }

        return _state.Vm.Slots[_state.Pages[at].AddressSpace].FindLockless(gfn);
    }

    // What a processor adds to an entry that names a table.
    private static ulong WithoutMarks(ulong made, ulong found)
    {
        const ulong marks = (1 << 5) | (1 << 6) | (1 << 8) | (1 << 9);
        return (made & ~marks) | (found & marks);
    }

    private void Require(bool condition, PageHandle page, int index, string what)
    {
        if (!condition)
        {
            _broken ??= page.IsNone
                ? string.Create(CultureInfo.InvariantCulture, $"TDP: {what}.")
                : string.Create(CultureInfo.InvariantCulture, $"TDP: entry {index} of page {page.Index} (level {_state.Pages[page].Level}, gfn 0x{_state.Pages[page].Gfn:x}) {what}.");
        }
    }
}
