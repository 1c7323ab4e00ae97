// Shadow: stores to shadowed guest tables that others make and announce.
using System;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Shadow;

/// <summary>Forgets exactly the entries that an announced store hit; gives up tables that the guest keeps writing to.</summary>
internal sealed class TableWrites
{
    /// <summary>After so many stores without a use in between, a table of an upper level is probably no table any more.</summary>
    private const int FloodThreshold = 3;

    private const ulong PageBytes = 4096;
    private const int PdpteCount = 4;

    private readonly ShadowState _state;

    internal TableWrites(ShadowState state) => _state = state;

    /// <summary>Guest memory was written inside one frame; the store has been made. Takes the lock.</summary>
    internal void Wrote(int addressSpace, ulong gpa, int bytes)
    {
        ulong gfn = gpa >> 12;
        int first = (int)(gpa & (PageBytes - 1));
        MmuAssert.That(bytes > 0 && (ulong)(first + bytes) <= PageBytes, "A store over the end of a frame", gpa);
        using MmuWriteGuard held = _state.Vm.Lock.Enter();
        if (_state.Vm.Slots[addressSpace].Find(gfn) is { } slot && slot.IsGuarded(gfn))
        {
            ZapList list = default;
            WroteTable(addressSpace, gfn, first, first + bytes - 1, ref list);
            _state.Zapper.Commit(ref list);
        }
    }

    /// <summary>Takes apart every page that shadows the table in a frame; false if there is none. Takes the lock.</summary>
    internal bool Unprotect(int addressSpace, ulong gfn)
    {
        ZapList list = default;
        using MmuWriteGuard held = _state.Vm.Lock.Enter();
        bool any = _state.Zapper.ZapTables(addressSpace, gfn, ref list);
        _state.Zapper.Commit(ref list);
        return any;
    }

    private void WroteTable(int addressSpace, ulong gfn, int first, int last, ref ZapList list)
    {
        _state.Counters.TableWrites++;
        PageHandle page = _state.Pages.NextOfTable(default, addressSpace, gfn);
        while (!page.IsNone)
        {
            PageHandle next = _state.Pages.NextOfTable(page, addressSpace, gfn);
            ref ShadowPage header = ref _state.Pages[page];
            (int from, int to) = EntriesBehind(header.Role, first, last);

            // Of a table that several pages shadow, the store hit another part if there is no such entry.
            if (header.Role.Level > 1 && from <= to && ++header.WriteFlood >= FloodThreshold)
            {
                _state.Counters.TablesFlooded++;
                _state.Zapper.Zap(page, ref list);
            }
            else
            {
                for (int index = from; index <= to; index++)
                {
                    _state.Counters.UpperEntriesZapped += header.Role.Level > 1 && !Spte.IsEmpty(_state.Pages.Tables[page].Load(index)) ? 1UL : 0;
                    _state.Zapper.DropEntry(page, index, ref list);
                }
            }

            page = next;
        }
    }

    // The shadow entries behind the guest's bytes first to last of the table, as far as they are in this page's part of it; none if from is
    // above to.
    private static (int From, int To) EntriesBehind(PageRole role, int first, int last)
    {
        if (!role.HasFourByteEntries)
        {
#if MMU_FAULT_229
            return (first / 8, last / 8);
#else
            // PDPTEs may start anywhere in their frame.
            int skipped = (int)role.PdpteOffset / 8;
            int entries = role.IsPaeNested && role.Level == 3 ? PdpteCount : ShadowPages.EntryCount;
            return (Math.Max((first / 8) - skipped, 0), Math.Min((last / 8) - skipped, entries - 1));
#endif
        }

        int entriesPerGuestEntry = role.Level == 1 ? 1 : 2;
        int start = (int)role.Quadrant * ShadowPages.EntryCount;
        int from = Math.Max((first / 4 * entriesPerGuestEntry) - start, 0);
#if MMU_FAULT_91
        int to = Math.Min((last / 4 * entriesPerGuestEntry) - start, ShadowPages.EntryCount - 1);
#else
        int to = Math.Min((((last / 4) + 1) * entriesPerGuestEntry) - 1 - start, ShadowPages.EntryCount - 1);
#endif
        return (from, to);
    }
}
