// Tdp: walks of our own tables.
using System;
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary>Walks the tables a processor walks. The lock is held, or the reader is inside an epoch.</summary>
internal static class TdpWalk
{
    /// <summary>The entries on the way to an address, root first; how many.</summary>
    internal static int Walk(TdpPages pages, PageHandle root, ulong gpa, Span<ulong> sptes)
    {
        int count = 0;
        int level = pages[root].Level;
        if (!IsInReach(gpa, level))
        {
            return 0;
        }

        for (PageHandle page = root; !page.IsNone && level > 0 && count < sptes.Length; level--)
        {
            ulong spte = pages.Tables[page].Load(PageLevel.IndexOf(gpa, level));
            sptes[count++] = spte;
            page = Spte.IsPresent(spte) && !Spte.IsLeaf(spte, level) ? pages.ChildOf(spte) : PageHandle.None;
        }

        return count;
    }

    /// <summary>The last entry on the way to an address that the root reaches: of a leaf, or of what is not there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong FindLast(TdpPages pages, PageHandle root, ulong gpa, out PageHandle page, out int level)
    {
        page = root;
        level = pages[root].Level;
        while (true)
        {
            ulong spte = pages.Tables[page].Load(PageLevel.IndexOf(gpa, level));
            if (level == 1 || !Spte.IsPresent(spte) || Spte.IsLeaf(spte, level))
            {
                return spte;
            }

            PageHandle child = pages.ChildOf(spte);
            if (child.IsNone)
            {
                return spte;
            }

            page = child;
            level--;
        }
    }

    /// <summary>True if tables whose root has a level reach an address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsInReach(ulong gpa, int rootLevel) => gpa >> 12 < PageLevel.FramesOf(rootLevel + 1);
}
