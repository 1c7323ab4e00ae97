// Shadow: what can be done to all leaves that map a frame.
using Mmu.Architecture;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Shadow;

/// <summary>Operations on all the leaves of an rmap list.</summary>
/// <remarks>Guarded by: MmuLock(write).</remarks>
internal sealed class LeafLists
{
    private readonly ShadowPages _pages;
    private readonly RefLists _refs;
    private readonly PageZapper _zapper;

    internal LeafLists(ShadowPages pages, RefLists refs, PageZapper zapper)
    {
        _pages = pages;
        _refs = refs;
        _zapper = zapper;
    }

    /// <summary>
    /// Takes write access from the leaves of a list; true if a TLB may have held it. That is decided on MMU-writable, not on W: a leaf that
    /// lost W to dirty logging may still be writable in a TLB (bug 19).
    /// </summary>
    /// <param name="list">The list.</param>
    /// <param name="keepMmuWritable">True for dirty logging: a fault may give W back.</param>
    internal bool WriteProtect(uint list, bool keepMmuWritable)
    {
        bool flush = false;
        foreach (SpteRef leaf in _refs.Of(list))
        {
            PtPage table = _pages.Tables[leaf.Page];
            PageRole role = _pages[leaf.Page].Role;
            ulong old = table.Load(leaf.Index);
            if (!AnySpte.IsWritable(role, old) && (keepMmuWritable || !AnySpte.IsMmuWritable(role, old)))
            {
                // Rights that were taken away to notice an access went without a flush.
#if !MMU_FAULT_224
                flush |= role.Form == SpteForm.EptNoAccessedDirty && AnySpte.IsMmuWritable(role, old);
#endif
                continue;
            }

#if MMU_FAULT_75
            flush |= (_zapper.Store(role, table, leaf.Index, AnySpte.WriteProtect(role, old, keepMmuWritable)) & SpteConsequences.Flush) != 0
                && AnySpte.IsWritable(role, old);
#else
            flush |= (_zapper.Store(role, table, leaf.Index, AnySpte.WriteProtect(role, old, keepMmuWritable)) & SpteConsequences.Flush) != 0;
#endif
        }

        return flush;
    }

    /// <summary>Clears the dirty bits of the leaves of a list; true if a TLB may know them set.</summary>
    internal bool ClearDirty(uint list)
    {
        bool flush = false;
        foreach (SpteRef leaf in _refs.Of(list))
        {
            PtPage table = _pages.Tables[leaf.Page];
            PageRole role = _pages[leaf.Page].Role;
            ulong old = table.Load(leaf.Index);
            if (AnySpte.IsDirty(role, old))
            {
                _ = _zapper.Store(role, table, leaf.Index, AnySpte.ClearDirty(role, old));
                flush = true;
            }
        }

        return flush;
    }

    /// <summary>Removes the leaves of a list.</summary>
    internal void Drop(ref uint list, ref ZapList zapped)
    {
        while (list != 0)
        {
            SpteRef leaf = _refs.First(list);
            uint count = _refs.Count(list);
            _zapper.DropEntry(leaf.Page, leaf.Index, ref zapped);
            if (_refs.Count(list) >= count)
            {
                // The list names a leaf that is none, or another frame's.
                _zapper.Kill();
                return;
            }
        }
    }

    /// <summary>Clears the accessed bits of the leaves of a list; true if one was set. No flush is owed for it.</summary>
    internal bool Age(uint list)
    {
        bool young = false;
        foreach (SpteRef leaf in _refs.Of(list))
        {
            PtPage table = _pages.Tables[leaf.Page];
            PageRole role = _pages[leaf.Page].Role;
            ulong old = table.Load(leaf.Index);
            if (AnySpte.IsAccessed(role, old))
            {
                _ = _zapper.Store(role, table, leaf.Index, AnySpte.ClearAccessed(role, old));
                young = true;
            }
        }

        return young;
    }

    /// <summary>True if an accessed bit is set.</summary>
    internal bool TestAge(uint list)
    {
        foreach (SpteRef leaf in _refs.Of(list))
        {
            if (AnySpte.IsAccessed(_pages[leaf.Page].Role, _pages.Tables[leaf.Page].Load(leaf.Index)))
            {
                return true;
            }
        }

        return false;
    }
}
