// Shadow: the header of a shadow page.
using System.Runtime.InteropServices;
using Mmu.Architecture;

namespace Mmu.Shadow;

/// <summary>What is known about a table page of the Shadow MMU. One cache line, at the number of the page.</summary>
/// <remarks>Guarded by: MmuLock(write). Where others read, it says so.</remarks>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct ShadowPage
{
    /// <summary>The guest table's frame; of a direct page the first frame of its range.</summary>
    internal ulong Gfn;

    /// <summary>How the page is built; with <see cref="Gfn"/> its key.</summary>
    internal PageRole Role;

    /// <summary>The generation in which it was made; another than the present one makes it obsolete. Read without the lock.</summary>
    internal uint Generation;

    /// <summary>The next page in its hash bucket; 0 at the end.</summary>
    internal uint HashNext;

    /// <summary>The next older page; 0 for the oldest.</summary>
    internal uint Older;

    /// <summary>The next newer page; 0 for the newest. Once the page is taken apart: the next of those to be freed.</summary>
    internal uint Newer;

    /// <summary>List of the SPTEs that name this page.</summary>
    internal uint Parents;

    /// <summary>How many roots of vCPUs it is.</summary>
    internal int RootCount;

    /// <summary>Number of entries below which something is unsync. Read without the lock.</summary>
    internal ushort UnsyncChildren;

    /// <summary>Number of entries that are not empty.</summary>
    internal ushort Entries;

    /// <summary>Announced stores to the guest's table since the page was last used.</summary>
    internal byte WriteFlood;

    /// <summary>Its states. Read without the lock.</summary>
    internal PageStates State;

    /// <summary>True if the guest may write its table at will.</summary>
    internal readonly bool IsUnsync => (State & PageStates.Unsync) != 0;

    /// <summary>True if it was taken apart.</summary>
    internal readonly bool IsInvalid => (State & PageStates.Invalid) != 0;

    /// <summary>True if something in or below it is unsync.</summary>
    internal readonly bool HasUnsync => IsUnsync || UnsyncChildren != 0;
}
