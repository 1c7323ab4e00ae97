// Shadow: all shadow pages: headers, shadowed translations, the hash and the list by age.
using System;
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>The shadow pages of a VM, found by number, by (frame, role), or by age.</summary>
/// <remarks>Guarded by: MmuLock(write).</remarks>
internal sealed class ShadowPages
{
    /// <summary>Entries of a table.</summary>
    internal const int EntryCount = 512;

    /// <summary>Bits of a frame number that a shadowed translation keeps: 1 TiB of guest memory.</summary>
    internal const int GfnBits = 28;

    /// <summary>Frames at or above this are in no slot of this engine.</summary>
    internal const ulong GfnLimit = 1UL << GfnBits;

    private const int AccessBits = 32 - GfnBits;
    private const int UnsyncWords = EntryCount / 64;
    private const ulong HashFactor = 0x9E37_79B9_7F4A_7C15;

    private readonly PrivateArena _arena;
    private readonly ArenaArray<ShadowPage> _headers;
    private readonly ArenaArray<uint> _translations;
    private readonly ArenaArray<ulong> _unsyncBits;
    private readonly ArenaArray<uint> _buckets;
    private readonly int _hashShift;

    internal ShadowPages(TableArena tables, PrivateArena arena)
    {
        Tables = tables;
        _arena = arena;
        ulong pages = tables.PageCount;
        int bucketBits = Math.Max(6, 64 - System.Numerics.BitOperations.LeadingZeroCount(pages - 1));
        _hashShift = 64 - bucketBits;
        _headers = arena.Allocate<ShadowPage>(pages);
        _translations = arena.Allocate<uint>(pages * EntryCount);
        _unsyncBits = arena.Allocate<ulong>(pages * UnsyncWords);
        _buckets = arena.Allocate<uint>(1UL << bucketBits);
    }

    /// <summary>The table pages themselves.</summary>
    internal TableArena Tables { get; }

    /// <summary>The present generation; pages of another are obsolete. Read without the lock.</summary>
    internal uint Generation { get; private set; }

    /// <summary>Pages in the list by age, and invalid ones that are still roots.</summary>
    internal uint Used { get; private set; }

    /// <summary>The oldest page; none if there is no page.</summary>
    internal PageHandle Oldest { get; private set; }

    /// <summary>The newest page.</summary>
    internal PageHandle Newest { get; private set; }

    /// <summary>Bytes of bookkeeping that each page in use takes, its table included; buckets apart.</summary>
    internal static ulong BytesPerPage => (EntryCount * 8) + 64 + (EntryCount * 4) + (UnsyncWords * 8);

    /// <summary>Bytes of the hash buckets.</summary>
    internal ulong BucketBytes => _buckets.Bytes;

    /// <summary>The header of a page.</summary>
    internal ref ShadowPage this[PageHandle page]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _headers[page.Index];
    }

    /// <summary>Gives back the arrays.</summary>
    internal void Release()
    {
        _arena.Free(_headers);
        _arena.Free(_translations);
        _arena.Free(_unsyncBits);
        _arena.Free(_buckets);
    }

    /// <summary>What an entry of an indirect page stands for: frame and rights; 0 if nothing is shadowed there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref uint Translation(PageHandle page, int index) => ref _translations[((ulong)page.Index * EntryCount) + (uint)index];

    /// <summary>All translations of an indirect page.</summary>
    internal Span<uint> TranslationsOf(PageHandle page) => _translations.Slice((ulong)page.Index * EntryCount, EntryCount);

    /// <summary>Which entries of a page have something unsync below them.</summary>
    internal Span<ulong> UnsyncBitsOf(PageHandle page) => _unsyncBits.Slice((ulong)page.Index * UnsyncWords, UnsyncWords);

    /// <summary>A translation as it is kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Pack(ulong gfn, Rights rights) => ((uint)gfn << AccessBits) | (uint)rights;

    /// <summary>The frame of a translation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong GfnOf(uint translation) => translation >> AccessBits;

    /// <summary>The rights of a translation.</summary>
    internal static Rights RightsOf(uint translation) => (Rights)(translation & ((1 << AccessBits) - 1));

    /// <summary>
    /// The first guest frame that an entry maps. The same formula at insertion and at removal, whatever the page (bugs 1 and 2).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong GfnOfEntry(PageHandle page, in ShadowPage header, int index) => header.Role.IsDirect
        ? header.Gfn + ((ulong)(uint)index << PageLevel.FrameShiftOf(header.Role.Level))
        : GfnOf(Translation(page, index));

    /// <summary>True if the page was made before the last change of generation.</summary>
    internal bool IsObsolete(in ShadowPage header) => header.Generation != Generation;

    /// <summary>Makes every page obsolete.</summary>
    internal void NextGeneration() => Generation++;

    /// <summary>The page for a frame in exactly a role; none if there is none that is in use.</summary>
    internal PageHandle Find(ulong gfn, PageRole role)
    {
        uint at = _buckets[BucketOf(gfn)];
        while (at != 0)
        {
            ref ShadowPage header = ref _headers[at];
#if MMU_FAULT_88
            if (header.Gfn == gfn && header.Role == role)
#else
            if (header.Gfn == gfn && header.Role == role && !IsObsolete(header))
#endif
            {
                break;
            }

            at = header.HashNext;
        }

        return new PageHandle(at);
    }

    /// <summary>
    /// The next page, after <paramref name="page"/> or from the start if that is none, that shadows the guest table in a frame.
    /// Obsolete ones are found too: the guest's processor no longer walks them, but what they say of their frame still has to be undone.
    /// </summary>
    internal PageHandle NextOfTable(PageHandle page, int addressSpace, ulong gfn)
    {
        uint at = page.IsNone ? _buckets[BucketOf(gfn)] : _headers[page.Index].HashNext;
        while (at != 0)
        {
            ref ShadowPage header = ref _headers[at];
            if (header.Gfn == gfn && !header.Role.IsDirect && header.Role.AddressSpace == addressSpace)
            {
                break;
            }

            at = header.HashNext;
        }

        return new PageHandle(at);
    }

    /// <summary>Enters a page of the present generation into the hash and, as the newest, into the list.</summary>
    internal void Insert(PageHandle page, ulong gfn, PageRole role)
    {
        ref uint bucket = ref _buckets[BucketOf(gfn)];
        _headers[page.Index] = new ShadowPage { Gfn = gfn, Role = role, Generation = Generation, HashNext = bucket, Older = Newest.Index };
        bucket = page.Index;
        if (Newest.IsNone)
        {
            Oldest = page;
        }
        else
        {
            _headers[Newest.Index].Newer = page.Index;
        }

        Newest = page;
        Used++;
    }

    /// <summary>Takes a page out of the hash and the list; it still counts as used.</summary>
    internal void Remove(PageHandle page)
    {
        ref ShadowPage header = ref _headers[page.Index];
        ref uint link = ref _buckets[BucketOf(header.Gfn)];
        while (link != page.Index)
        {
            link = ref _headers[link].HashNext;
        }

        link = header.HashNext;
        if (header.Older == 0)
        {
            Oldest = new PageHandle(header.Newer);
        }
        else
        {
            _headers[header.Older].Newer = header.Newer;
        }

        if (header.Newer == 0)
        {
            Newest = new PageHandle(header.Older);
        }
        else
        {
            _headers[header.Newer].Older = header.Older;
        }

        header.Older = 0;
        header.Newer = 0;
        header.HashNext = 0;
    }

    /// <summary>Tells a trace of a page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Trace(VmCore vm, TracePoint point, PageHandle page, bool created = false)
    {
        if (vm.Trace is { } trace)
        {
            ref readonly ShadowPage header = ref this[page];
            trace.Write(point, header.Generation, header.Gfn, header.Role.Value, (ulong)header.RootCount, header.IsUnsync ? 1UL : 0, created ? 1UL : 0);
        }
    }

    /// <summary>A page that was removed is no longer used: it goes back to the arena.</summary>
    internal void Forget(PageHandle page, EpochDomain epochs)
    {
        Used--;
        Tables.Retire(page, epochs);
    }

    private ulong BucketOf(ulong gfn) => (gfn * HashFactor) >> _hashShift;
}
