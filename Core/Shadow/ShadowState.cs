// Shadow: the parts of the Shadow MMU of one VM, wired together.
using System;
using Mmu.Common;
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>The data of a VM's Shadow MMU and the code that works on all of it whatever the paging mode.</summary>
internal sealed class ShadowState : IDisposable
{
    private readonly Slab<RefChunk> _chunks;

    internal ShadowState(VmCore vm)
    {
        Vm = vm;

        // Room for every entry of a quarter of all tables to share its frame with one other; beyond that pages are taken apart for their chunks.
        _chunks = new Slab<RefChunk>(vm.Private, vm.Tables.PageCount * (ShadowPages.EntryCount / 4));
        Refs = new RefLists(_chunks);
        Pages = new ShadowPages(vm.Tables, vm.Private);
        Rmaps = new Rmaps(vm.Private, vm.Slots, Refs, lazily: vm.IsOnTdp);
        Marks = new UnsyncMarks(Pages, Refs);
        Zapper = new PageZapper(vm, Pages, Refs, Rmaps, Marks, Counters);
        Leaves = new LeafLists(Pages, Refs, Zapper);
        Guard = new TableGuard(vm, Pages, Rmaps, Leaves, Marks, Counters);
        Finder = new PageFinder(this);
        Syncer = new RootSyncer(this);
        Reclaimer = new Reclaimer(this);
    }

    internal VmCore Vm { get; }

    internal ShadowCounters Counters { get; } = new();

    internal RefLists Refs { get; }

    internal ShadowPages Pages { get; }

    internal Rmaps Rmaps { get; }

    internal UnsyncMarks Marks { get; }

    internal PageZapper Zapper { get; }

    internal LeafLists Leaves { get; }

    internal TableGuard Guard { get; }

    internal PageFinder Finder { get; }

    internal RootSyncer Syncer { get; }

    internal Reclaimer Reclaimer { get; }

    /// <summary>Fills a vCPU's caches for one fault; false if the arena is exhausted. Without the lock.</summary>
    private bool TopUp(ShadowVcpu vcpu) =>
        (vcpu.Pages.Count >= ShadowVcpu.PagesPerFault || Vm.Tables.TopUp(ref vcpu.Pages, ShadowVcpu.PagesPerFault * 2))
        && (vcpu.Chunks.Count >= ShadowVcpu.ChunksPerFault || _chunks.TopUp(ref vcpu.Chunks, ShadowVcpu.ChunksPerFault * 2));

    /// <summary>As <see cref="TopUp"/>, taking apart the oldest pages if the arena is exhausted. Takes the lock then.</summary>
    internal bool TryTopUp(ShadowVcpu vcpu)
    {
        if (TopUp(vcpu))
        {
            return true;
        }

        using (MmuWriteGuard held = Vm.Lock.Enter())
        {
            ZapList list = default;
            _ = Reclaimer.ZapOldest((int)Reclaimer.Refill, ref list);
            Zapper.Commit(ref list);
        }

        return TopUp(vcpu);
    }

    /// <summary>Gives back what a vCPU's caches hold.</summary>
    internal void Drain(ShadowVcpu vcpu)
    {
        Vm.Tables.Drain(ref vcpu.Pages);
        _chunks.Drain(ref vcpu.Chunks);
    }

    /// <summary>Adds the figures. Lock held.</summary>
    internal void AddStatistics(ref MmuStatistics statistics)
    {
        statistics.SpteStores += Counters.SpteStores;
        statistics.TablesAllocated += Counters.TablesAllocated;
        statistics.TablesZapped += Counters.TablesZapped;
        statistics.TablesRecycled += Counters.TablesRecycled;
        statistics.TablesFlooded += Counters.TablesFlooded;
        statistics.Unsyncs += Counters.Unsyncs;
        statistics.TableWrites += Counters.TableWrites;
        statistics.Prefetched += Counters.Prefetched;
        statistics.MmioEntries += Counters.MmioEntries;
        statistics.UpperEntriesZapped += Counters.UpperEntriesZapped;
        statistics.UnsyncTables += Counters.UnsyncTables;
        statistics.LongestRmap = Counters.LongestRmap;
        statistics.Tables += Pages.Used;
        statistics.Pages4K += Counters.Pages4K;
        statistics.Pages2M += Counters.Pages2M;
        statistics.Pages1G += Counters.Pages1G;
        statistics.MetadataBytes += (Pages.Used * ShadowPages.BytesPerPage) + Pages.BucketBytes + Rmaps.Bytes + (_chunks.Outstanding * 64UL);
    }

    /// <summary>Gives back everything; no page is in use any more.</summary>
    public void Dispose()
    {
        Rmaps.Release();
        Pages.Release();
        _chunks.Dispose();
    }
}
