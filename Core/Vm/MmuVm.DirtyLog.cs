// Vm: dirty logs start, end and are read.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;

namespace Mmu.Vm;

public sealed partial class MmuVm
{
    // guarded by: _slotsLock. A harvest took W away, and no flush has succeeded since.
    private bool _owesDirtyFlush;

    /// <summary>
    /// Starts to log which pages of a slot are written, by whomever: guest, library or those who announce it (<see cref="MarkDirty"/>). Any number of logs of
    /// one slot may run, each for itself. Pages that are mapped writable are write-protected now, unless another log has seen to it; while a slot
    /// has a log, only pages of 4 KiB are mapped anew.
    /// </summary>
    /// <param name="slotBase">The slot's first guest physical address.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode. Memory that has a slot in both is logged in each.</param>
    /// <returns>The session, which reports every write that follows.</returns>
    /// <exception cref="ArgumentException">No slot starts there, or the options contradict each other or those of the VM; the message says how.</exception>
    /// <exception cref="InvalidOperationException">The private arena has no room for the log, or there are too few table pages to split huge pages. Nothing is
    /// logged then, and the VM is as it was.</exception>
    public DirtyLogSession StartDirtyLog(Gpa slotBase, DirtyLogOptions? options = null, int addressSpace = 0)
    {
        options ??= new DirtyLogOptions();
        RefuseCaller();
        RefuseAddressSpace(addressSpace);
        RefuseLogOptions(options);
        using RankedHold hold = _slotsLock.Enter();
        SlotRecord slot = FindRecord(slotBase, addressSpace);
        if (!DirtyConsumer.TryCreate(_core.Private, slot.Pages, options.UseRings, options.Verify, out DirtyConsumer consumer))
        {
            throw new InvalidOperationException($"The private arena has no room for a dirty log of the slot {slot.Slot.Base}–{slot.Slot.Last} (MmuVmOptions.PrivateBytes).");
        }

        if (options.InitiallyAllSet)
        {
            consumer.Written.SetAll();
        }

        DirtyConsumer[] others = slot.DirtyLog is { } log ? log.Consumers.ToArray() : [];
        Publish(slot, [.. others, consumer]);
        bool done = false;
        try
        {
            StartLogging(slot, others, options);
            NoteHashes(slot, consumer);
            done = true;
        }
        finally
        {
            if (!done)
            {
                Withdraw(slot, consumer);
            }
        }

        MmuEvents.Log.DirtyLogStarted(_core.Number, (long)slot.Slot.Base.Value, (long)slot.Slot.Size);
        return new DirtyLogSession(this, slot, consumer, options);
    }

    /// <summary>
    /// Tells the dirty logs of a write that the library has not made, after it was made: a device's, by DMA. For writes to what may be a guest's
    /// table use <see cref="GuestWrote"/>, which does this too.
    /// </summary>
    /// <param name="gpa">First address.</param>
    /// <param name="bytes">Size in bytes. Parts outside every slot are passed over.</param>
    /// <param name="addressSpace">0, or 1 for the address space of system-management mode.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range ends above <see cref="GuestAddressLimit"/>.</exception>
    public void MarkDirty(Gpa gpa, ulong bytes, int addressSpace = 0)
    {
        RefuseCaller();
        RefuseAddressSpace(addressSpace);
        if (gpa.Value > GuestAddressLimit || bytes > GuestAddressLimit - gpa.Value)
        {
            throw new ArgumentOutOfRangeException(
                nameof(bytes), bytes, $"The range from {gpa} of 0x{bytes:x} bytes ends above MmuVm.GuestAddressLimit, 0x{GuestAddressLimit:x}.");
        }

        NoteWritten(gpa, bytes, addressSpace);
    }

    /// <summary>Ends a session.</summary>
    internal void EndDirtyLog(DirtyLogSession session)
    {
        using RankedHold hold = _slotsLock.Enter();
        if (session.IsEnded)
        {
            return;
        }

        SlotRecord slot = session.Slot;
        Withdraw(slot, session.Consumer);
        MmuEvents.Log.DirtyLogEnded(_core.Number, (long)slot.Slot.Base.Value, (long)slot.Slot.Size);
        if (!slot.IsLogged && session.Options.CollapseAtEnd)
        {
            _ = ForRange(RangeWork.Collapse, slot.BaseGfn, slot.EndGfn, slot.AddressSpace);
        }
    }

    // Whatever wrote guest memory without a processor on our tables, after the store.
    private void NoteWritten(Gpa gpa, ulong bytes, int addressSpace)
    {
#if !MMU_FAULT_162
        SlotRecords slots = _core.Slots[addressSpace];
        HostAtomics.Fence();
        if (slots.Logged != 0)
        {
            using MmuReadGuard held = _core.Lock.EnterSharedAsHost();
            slots.Wrote(gpa.Value, bytes);
        }
#endif
    }

    // From here on every mark reaches all these consumers, and nobody uses an older list of them.
    private void Publish(SlotRecord slot, DirtyConsumer[] consumers)
    {
        using (MmuWriteGuard held = _core.Lock.Enter())
        {
            SlotRecords records = _core.Slots[slot.AddressSpace];
            records.Logged += (consumers.Length == 0 ? 0 : 1) - (slot.IsLogged ? 1 : 0);
            slot.DirtyLog = consumers.Length == 0 ? null : new DirtyLog(slot, consumers);

            // Pointers that software vCPUs hold were handed out unmarked; and who is in guest may be marking.
            _core.Gate.FlushAll();
        }

        _core.Gate.WaitForCalls();
    }

    private void Withdraw(SlotRecord slot, DirtyConsumer leaving)
    {
        List<DirtyConsumer> others = [.. slot.DirtyLog!.Consumers];
        _ = others.Remove(leaving);
        Publish(slot, [.. others]);
        leaving.Release();
    }

    // Nothing may be written unnoticed any more. What cannot be anyway is left alone: pages that no other consumer holds for written.
    private void StartLogging(SlotRecord slot, DirtyConsumer[] others, DirtyLogOptions options)
    {
        bool flush = _owesDirtyFlush;
        if (!options.InitiallyAllSet)
        {
            _owesDirtyFlush = true;
#if MMU_FAULT_163
            flush |= others.Length == 0 && ProtectAll(slot);
#else
            flush |= others.Length == 0 ? ProtectAll(slot) : ProtectWritten(slot, others[0]);
#endif
            EndProtection(flush);
        }

        if (options.SplitEagerly && !_engines.SplitHugePages(slot, slot.BaseGfn, slot.EndGfn, targetLevel: 1))
        {
            throw new InvalidOperationException(
                $"There are too few table pages to split the huge pages of the slot {slot.Slot.Base}–{slot.Slot.Last} (MmuVmOptions.TablePages); without DirtyLogOptions.SplitEagerly they are split by the first write to each.");
        }
    }

    private bool ProtectAll(SlotRecord slot)
    {
        const ulong framesPerHold = 8 * FramesPerBatch;
        bool flush = false;
        for (ulong start = slot.BaseGfn; start < slot.EndGfn; start += framesPerHold)
        {
            flush |= LogAgain(slot, start, Math.Min(start + framesPerHold, slot.EndGfn));
        }

        return flush;
    }

    private bool ProtectWritten(SlotRecord slot, DirtyConsumer other)
    {
        bool flush = false;
        for (ulong word = 0; other.Written.TryFindWord(ref word); word++)
        {
            ulong bits = other.Written[word];
            flush |= bits != 0 && LogAgain(slot, word, new ReadOnlySpan<ulong>(in bits));
        }

        return flush;
    }

    // Makes the next write to frames [start, end) show: first the engines that work beside faults, then those that need the lock for themselves.
    private bool LogAgain(SlotRecord slot, ulong start, ulong end)
    {
        bool flush = false;
        if (_engines.NeedsShared)
        {
            using MmuReadGuard held = _core.Lock.EnterSharedAsHost();
            flush = LogRange(shared: true, slot, start, end);
        }

        if (_engines.NeedsExclusive)
        {
            using MmuWriteGuard held = _core.Lock.Enter();
            flush |= LogRange(shared: false, slot, start, end);
        }

        return flush;
    }

    // As above, for the pages of bitmap words.
    private bool LogAgain(SlotRecord slot, ulong firstWord, ReadOnlySpan<ulong> words)
    {
        bool flush = false;
        if (_engines.NeedsShared)
        {
            using MmuReadGuard held = _core.Lock.EnterSharedAsHost();
            flush = LogWords(shared: true, slot, firstWord, words);
        }

        if (_engines.NeedsExclusive)
        {
            using MmuWriteGuard held = _core.Lock.Enter();
            flush |= LogWords(shared: false, slot, firstWord, words);
        }

        return flush;
    }

    // Runs of full words are one range.
    private bool LogWords(bool shared, SlotRecord slot, ulong firstWord, ReadOnlySpan<ulong> words)
    {
        bool flush = false;
        for (int i = 0; i < words.Length; i++)
        {
            ulong start = slot.BaseGfn + ((firstWord + (ulong)i) * 64);
            if (words[i] == ulong.MaxValue)
            {
                int after = words[i..].IndexOfAnyExcept(ulong.MaxValue);
                int count = after < 0 ? words.Length - i : after;
                flush |= LogRange(shared, slot, start, start + ((ulong)count * 64));
                i += count - 1;
            }
            else if (words[i] != 0)
            {
                flush |= LogMask(shared, slot, start, words[i]);
            }
        }

        return flush;
    }

    // Where the processor logs by its dirty bits these are cleared instead; which pages those are is for each engine to say (bug 9). It does so for 4 KiB
    // at a time, so what is larger is write-protected all the same.
    private bool LogRange(bool shared, SlotRecord slot, ulong start, ulong end) => _core.LogsByDirtyBits
        ? _engines.WriteProtect(shared, slot, start, end, minimumLevel: 2) | _engines.ClearDirty(shared, slot, start, end)
        : _engines.WriteProtect(shared, slot, start, end, minimumLevel: 1);

    private bool LogMask(bool shared, SlotRecord slot, ulong start, ulong mask) => _core.LogsByDirtyBits
        ? _engines.WriteProtect(shared, slot, start, Math.Min(start + 64, slot.EndGfn), minimumLevel: 2)
            | _engines.ClearDirtyMasked(shared, slot, start, mask)
        : _engines.WriteProtectMasked(shared, slot, start, mask);

    // One flush for all that was taken. When it returns, nobody writes by what it held before.
    private void EndProtection(bool flush)
    {
        using (MmuWriteGuard held = _core.Lock.Enter())
        {
#if !MMU_FAULT_164
            if (flush)
            {
                _core.Gate.FlushAll();
            }
            else
            {
                _core.Gate.FlushPointers();
            }
#endif
        }

        _owesDirtyFlush = false;
    }

    private void RefuseLogOptions(DirtyLogOptions options)
    {
        if (options.UseRings && _core.DirtyRingEntries == 0)
        {
            throw new ArgumentException("DirtyLogOptions.UseRings needs rings: MmuVmOptions.DirtyRingEntries is 0.", nameof(options));
        }

        if (options.UseRings && options.InitiallyAllSet)
        {
            throw new ArgumentException("DirtyLogOptions.InitiallyAllSet is not for UseRings: no ring holds every page.", nameof(options));
        }
    }
}
