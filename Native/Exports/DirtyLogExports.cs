// Exports: dirty logs.
using System;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Native.Abi;
using Mmu.Native.Handles;
using Mmu.Vm;

namespace Mmu.Native.Exports;

/// <summary>
/// Dirty logs: which pages of a slot were written since they were last reported. Any number for a slot, each for itself. Any thread, one at a time for each
/// log (MMU_ERROR_BUSY); not a thread that has a vCPU of the VM in guest, and not a callback. A bitmap has a bit for each page of the slot: bit n of word m
/// for page 64 m + n. What a call reports was written before it returned; read the pages after that.
/// </summary>
internal static unsafe class DirtyLogExports
{
    private const int RangesAtOnce = 64;

    /// <summary>Starts to log: exact from here on. The last log of a slot to end lets huge pages come back.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="slotBase">The slot's first guest physical address.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <param name="options">How; NULL for the defaults.</param>
    /// <param name="log">Receives the log. It ends with mmu_dirty_log_end, or with its VM.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_dirty_log_start")]
    internal static Status Start(VmHandle vm, ulong slotBase, uint addressSpace, [In] AbiDirtyLogOptions* options, DirtyLogHandle* log) =>
        log == null ? Failure.OfNull(nameof(log))
            : VmCall.DoRecord(vm, (slotBase, addressSpace, new Ptr<AbiDirtyLogOptions>(options), new Ptr<DirtyLogHandle>(log)), static (record, a) =>
            {
                AbiDirtyLogOptions given = default;
                Status status = a.Item3.Value == null ? Status.Ok : Sized.Read(a.Item3.Value, out given);
                if (status != Status.Ok)
                {
                    return status;
                }

                if ((uint)given.Flags >= (uint)DirtyLogFlags.Verify * 2)
                {
                    return Failure.Of(Status.ErrorArgument, "mmu_dirty_log_options.flags has bits set that have no meaning.");
                }

                DirtyLogRecord started = new(record, record.Vm.StartDirtyLog(new Gpa(a.slotBase), OptionsOf(given.Flags), Space.Of(a.addressSpace)));
                record.Add(started);
                *a.Item4.Value = started.Publish();
                return Status.Ok;
            }, Status.ErrorNoRoom);

    /// <summary>Ends a log. Its handle becomes stale.</summary>
    /// <param name="log">The log.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_dirty_log_end")]
    internal static Status End(DirtyLogHandle log) => DirtyLogRecord.Call(log, 0, static (record, _) =>
    {
        record.Vm.End(record);
        return Status.Ok;
    });

    /// <summary>What a log logs.</summary>
    /// <param name="log">The log.</param>
    /// <param name="info">Receives it; its struct_size is set.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_dirty_log_get_info")]
    internal static Status GetInfo(DirtyLogHandle log, AbiDirtyLogInfo* info) =>
        DirtyLogRecord.Call(log, new Ptr<AbiDirtyLogInfo>(info), static (record, info) =>
        {
            Status status = Sized.Check(info.Value);
            if (status == Status.Ok)
            {
                DirtyLogSession found = record.Log;
                Sized.Write(info.Value, new AbiDirtyLogInfo
                {
                    AddressSpace = (uint)found.AddressSpace,
                    SlotBase = found.SlotBase.Value,
                    Pages = found.Pages,
                    Words = (uint)found.Words,
                    Slot = found.SlotId,
                    HasEnded = found.IsEnded ? 1u : 0,
                    WordsVisited = found.WordsVisited,
                });
            }

            return status;
        });

    /// <summary>Takes the dirty pages of a part of the slot: they are reported once, and logged again from now on.</summary>
    /// <param name="log">The log.</param>
    /// <param name="firstPage">The first page; a multiple of 64.</param>
    /// <param name="bitmap">Receives the bits.</param>
    /// <param name="words">How many words, up to mmu_dirty_log_info.words less those before first_page.</param>
    /// <param name="pages">Receives how many pages are dirty.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_dirty_log_harvest")]
    internal static Status Harvest(DirtyLogHandle log, ulong firstPage, ulong* bitmap, uint words, ulong* pages) =>
        Take(log, firstPage, bitmap, words, pages, static (log, firstPage, bitmap) => log.Harvest(firstPage, bitmap));

    /// <summary>
    /// Reports the dirty pages of a part of the slot, and keeps them: every call reports them again until mmu_dirty_log_clear confirms them, so that a
    /// consumer that fails half-way loses nothing. Writes after the call come with the next one even if this one is confirmed.
    /// </summary>
    /// <param name="log">The log.</param>
    /// <param name="firstPage">The first page; a multiple of 64.</param>
    /// <param name="bitmap">Receives the bits.</param>
    /// <param name="words">How many words, up to mmu_dirty_log_info.words less those before first_page.</param>
    /// <param name="pages">Receives how many pages are dirty.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_dirty_log_get")]
    internal static Status Get(DirtyLogHandle log, ulong firstPage, ulong* bitmap, uint words, ulong* pages) =>
        Take(log, firstPage, bitmap, words, pages, static (log, firstPage, bitmap) => log.Get(firstPage, bitmap));

    /// <summary>Confirms pages that mmu_dirty_log_get has reported: the consumer is done with them. Others are not touched.</summary>
    /// <param name="log">The log.</param>
    /// <param name="firstPage">The first page.</param>
    /// <param name="pages">How many.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_dirty_log_clear")]
    internal static Status Clear(DirtyLogHandle log, ulong firstPage, ulong pages) => DirtyLogRecord.Call(log, (firstPage, pages), static (record, a) =>
    {
        record.Log.Clear(a.firstPage, a.pages);
        return Status.Ok;
    });

    /// <summary>Takes dirty pages as ranges, in ascending order; what there is no room for stays in the log.</summary>
    /// <param name="log">The log.</param>
    /// <param name="ranges">Receives the ranges. struct_size of the first is set: it is that of all.</param>
    /// <param name="capacity">Room for so many; 1 at least.</param>
    /// <param name="count">Receives how many there are; as many as capacity: there may be more.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_dirty_log_harvest_ranges")]
    internal static Status HarvestRanges(DirtyLogHandle log, AbiDirtyRange* ranges, uint capacity, uint* count) => count == null ? Failure.OfNull(nameof(count))
        : DirtyLogRecord.Call(log, (new Ptr<AbiDirtyRange>(ranges), capacity, new Ptr<uint>(count)), static (record, a) =>
        {
            Status status = Sized.Check(a.Item1.Value);
            if (status != Status.Ok)
            {
                return status;
            }

            Span<DirtyRange> found = stackalloc DirtyRange[RangesAtOnce];
            uint done = 0;
            int size;
            int taken;
            do
            {
                size = (int)Math.Min(a.capacity - done, RangesAtOnce);
                taken = record.Log.Harvest(found[..size]);
                foreach (DirtyRange range in found[..taken])
                {
                    Sized.WriteAt(a.Item1.Value, done++, new AbiDirtyRange { Start = range.Start.Value, Bytes = range.Bytes });
                }
            }
            while (taken == size && done < a.capacity);

            *a.Item3.Value = done;
            return Status.Ok;
        });

    /// <summary>
    /// Of a log with MMU_DIRTY_LOG_FLAGS_VERIFY: compares every page that is not dirty with what it held when it was last reported. For moments in which
    /// nobody is just writing.
    /// </summary>
    /// <param name="log">The log.</param>
    /// <param name="addresses">Receives the guest physical addresses of pages that differ: writes that the log has missed.</param>
    /// <param name="capacity">Room for so many.</param>
    /// <param name="count">Receives how many there are, more than capacity perhaps.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_dirty_log_find_missed")]
    internal static Status FindMissed(DirtyLogHandle log, ulong* addresses, uint capacity, uint* count) =>
        addresses == null && capacity != 0 ? Failure.OfNull(nameof(addresses)) : count == null ? Failure.OfNull(nameof(count))
            : DirtyLogRecord.Call(log, (new Ptr<ulong>(addresses), capacity, new Ptr<uint>(count)), static (record, a) =>
            {
                Gpa[] missed = record.Log.FindMissedWrites();
                for (int i = 0; i < missed.Length && i < a.capacity; i++)
                {
                    a.Item1.Value[i] = missed[i].Value;
                }

                *a.Item3.Value = (uint)missed.Length;
                return Status.Ok;
            });

    private static DirtyLogOptions OptionsOf(DirtyLogFlags flags) => new()
    {
        InitiallyAllSet = (flags & DirtyLogFlags.InitiallyAllSet) != 0,
        SplitEagerly = (flags & DirtyLogFlags.SplitEagerly) != 0,
        CollapseAtEnd = (flags & DirtyLogFlags.KeepSmallPages) == 0,
        UseRings = (flags & DirtyLogFlags.UseRings) != 0,
        Verify = (flags & DirtyLogFlags.Verify) != 0,
    };

    private static Status Take(DirtyLogHandle log, ulong firstPage, ulong* bitmap, uint words, ulong* pages, TakePages take) =>
        bitmap == null ? Failure.OfNull(nameof(bitmap)) : pages == null ? Failure.OfNull(nameof(pages))
            : words > int.MaxValue ? Failure.Of(Status.ErrorArgument, "words is 2^31 or more.")
            : DirtyLogRecord.Call(log, (firstPage, new Ptr<ulong>(bitmap), words, new Ptr<ulong>(pages), take), static (record, a) =>
            {
                *a.Item4.Value = a.take(record.Log, a.firstPage, new Span<ulong>(a.Item2.Value, (int)a.words));
                return Status.Ok;
            });

    private delegate ulong TakePages(DirtyLogSession log, ulong firstPage, Span<ulong> bitmap);
}
