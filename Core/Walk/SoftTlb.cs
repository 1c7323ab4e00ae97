// Walk: the software TLB of one vCPU: linear address to host pointer in a few instructions.
using System;
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Memory;

namespace Mmu.Walk;

/// <summary>
/// Caches translations to host pointers for a client without a page walker: an interpreter, or code that a JIT emits, which probes the memory at
/// <see cref="Address"/> itself. See docs/soft-tlb.md.
/// </summary>
/// <remarks>
/// Used by its vCPU's thread, in guest only: between <c>BeginRun</c> and <c>EndRun</c>, with <c>Poll</c> now and then. A pointer is good until the
/// next <c>Poll</c> or <c>EndRun</c>. Nothing that a guest does makes a method throw, and nothing allocates.
/// </remarks>
public sealed partial class SoftTlb
{
    private const ulong SmallMask = 0xFFF;
    private const ulong LargeMask = 0x1F_FFFF;
    private const int SmallShift = 12;
    private const int LargeShift = 21;
    private const int EntryWords = SoftTlbLayout.EntryBytes / 8;
    private const int BiasWord = SoftTlbLayout.BiasOffset / 8;
    private const int Kinds = 3;
    private const uint EmptySpace = 3;

    // By the flags of an access, two bits each: its space. Bits of the index: user, implicit, alignment check, shadow stack.
#if MMU_FAULT_110
    private const uint SpaceOfFlags = 0xFFFF_0404;
#else
    private const uint SpaceOfFlags = 0xFFFF_0604;
#endif

    private readonly GuestWalker _walker;
    private readonly PrivateArena _arena;
    private SlotRecords _slots;
    private ArenaArray<ulong> _words;
    private bool _isOpen;

    // The slot that the last write was found in. Forgotten with every flush of everything, which the removal of a slot waits for.
    private SlotRecord? _slot;

    /// <summary>Makes an empty one.</summary>
    /// <exception cref="InvalidOperationException">The private arena has no room.</exception>
    internal SoftTlb(PrivateArena arena, GuestWalker walker, SlotRecords slots)
    {
        _arena = arena;
        _walker = walker;
        _slots = slots;
        _words = arena.Allocate<ulong>(SoftTlbLayout.TotalBytes / 8);
        FlushAll();
    }

    /// <summary>The vCPU's dirty ring, if it has one.</summary>
    internal DirtyRing? Ring { get; init; }

    /// <summary>Where it lies in this process, for code that probes it; stays there. <see cref="SoftTlbLayout"/> says what is where.</summary>
    public nuint Address => _words.Start;

    /// <summary>Looks an address up.</summary>
    /// <param name="gva">The linear address, without a tag: one with a tag that is to be ignored is never found.</param>
    /// <param name="access">The access.</param>
    /// <param name="host">On a hit the pointer to the byte, good up to the end of its 4-KiB page.</param>
    /// <returns>True if it was found; else ask <see cref="Resolve"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGet(Gva gva, Access access, out nuint host)
    {
        uint bits = access.Bits;
        ulong address = gva.Value;

        // What depends on the address comes last, so that one addition less stands before the load.
        ArenaArray<ulong> table = _words.From((SoftTlbLayout.SmallOffset / 8) + ((ulong)SpaceOf(bits) * (SoftTlbLayout.SmallStride / 8)));
        ulong at = (address >> (SmallShift - 2)) & ((1 << (SoftTlbLayout.SmallBits + 2)) - EntryWords);
        if (table[at + (bits & 3)] == ((address & ~SmallMask) | _words[0]))
        {
            host = (nuint)(address + table[at + BiasWord]);
            return true;
        }

        return TryGetLarge(address, bits, out host);
    }

    /// <summary>
    /// After a miss: walks the guest's tables as the CPU would, accessed and dirty bits included, and caches the translation where it may be.
    /// </summary>
    /// <param name="gva">The linear address, with its tag if it has one.</param>
    /// <param name="access">The access.</param>
    /// <param name="result">The translation, or the fault.</param>
    /// <returns>What to do.</returns>
    /// <exception cref="InvalidOperationException">The vCPU is not in guest.</exception>
    public SoftTlbOutcome Resolve(Gva gva, Access access, out WalkResult result)
    {
        if (!_isOpen)
        {
            ThrowClosed();
        }

        if (!_walker.Translate(gva, access, out result))
        {
            return Refused(gva, result);
        }

        if (result.HostValue == 0)
        {
            return SoftTlbOutcome.Mmio;
        }

        uint bits = access.Bits;
        SlotRecord? slot = null;
        if ((bits & 3) == (uint)AccessKind.Write)
        {
            SoftTlbOutcome outcome = MayWrite(result.GpaValue >> SmallShift, out slot);
            if (outcome != SoftTlbOutcome.Memory)
            {
                return outcome;
            }
        }

        if (IsCacheable(gva.Value, bits, result))
        {
            Fill(gva.Value, bits, result, slot);
        }

        return SoftTlbOutcome.Memory;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint SpaceOf(uint bits) => (SpaceOfFlags >> (int)((bits >> 2) * 2)) & 3;

    // The first word of an entry.
    private static ulong SmallEntry(uint space, ulong gva) =>
        (SoftTlbLayout.SmallOffset / 8) + (space * (SoftTlbLayout.SmallStride / 8))
        + (((gva >> SmallShift) & ((1 << SoftTlbLayout.SmallBits) - 1)) * EntryWords);

    private static ulong LargeEntry(uint space, ulong gva) =>
        (SoftTlbLayout.LargeOffset / 8) + (space * (SoftTlbLayout.LargeStride / 8))
        + (((gva >> LargeShift) & ((1 << SoftTlbLayout.LargeBits) - 1)) * EntryWords);

    private bool TryGetLarge(ulong gva, uint bits, out nuint host)
    {
        ulong entry = LargeEntry(SpaceOf(bits), gva);
        host = (nuint)(gva + _words[entry + BiasWord]);
        return _words[entry + (bits & 3)] == ((gva & ~LargeMask) | _words[0]);
    }

    private SoftTlbOutcome Refused(Gva gva, in WalkResult result)
    {
        switch (result.Outcome)
        {
            case WalkOutcome.Retry:
                return SoftTlbOutcome.Retry;
            case WalkOutcome.PageFault:
                // A processor's page fault takes the translations of its address along.
                DropPage(result.LinearAddress);
                return SoftTlbOutcome.Fault;
            case WalkOutcome.EptViolation or WalkOutcome.EptMisconfiguration or WalkOutcome.NestedPageFault:
                // So does a fault of the second dimension.
                DropPage(gva);
                return SoftTlbOutcome.Fault;
            default:
                return SoftTlbOutcome.Fault;
        }
    }

    // Without the lock: whoever guards a frame flushes this TLB afterwards, and waits for its vCPU, before it relies on the guard.
    private SoftTlbOutcome MayWrite(ulong gfn, out SlotRecord? slot)
    {
        slot = _slot;
        if (slot is null || !slot.Holds(gfn))
        {
            slot = _slots.FindLockless(gfn);
            if (slot is null)
            {
                // The walker's slots are already others.
                return SoftTlbOutcome.Retry;
            }

            _slot = slot;
        }

        if (slot.IsReadOnly)
        {
            return SoftTlbOutcome.Mmio;
        }

#if MMU_FAULT_113
        return SoftTlbOutcome.Memory;
#else
        if (slot.IsGuarded(gfn))
        {
            return SoftTlbOutcome.Announce;
        }

        // Before the pointer is given out: who takes the mark waits until this vCPU has polled, and what it then holds is marked anew.
#if !MMU_FAULT_155
        slot.DirtyLog?.Mark(gfn, Ring);
#endif
        return SoftTlbOutcome.Memory;
#endif
    }

    // Not if the walk could not set what it had to set, nor under an address that another one stands for.
    private bool IsCacheable(ulong gva, uint bits, in WalkResult result)
    {
        WalkContext context = _walker.Context;
        WalkCode code = context.Code;
        if (code.Levels != 0)
        {
#if MMU_FAULT_111
            ulong marks = context.AccessedMask;
#else
            ulong marks = context.AccessedMask | ((bits & 3) == (uint)AccessKind.Write ? code.DirtyMask : 0);
#endif
            if ((result.EntryValueBits & marks) != marks)
            {
                return false;
            }
        }

        return SpaceOf(bits) != EmptySpace && (code.IsCanonical ? context.Masking.Untag(gva, bits) == gva : gva <= uint.MaxValue);
    }

    private void Fill(ulong gva, uint bits, in WalkResult result, SlotRecord? slot)
    {
        int shift = (int)(result.Info >> WalkResult.PageShiftShift) & 0xFF;
        uint space = SpaceOf(bits);
        ulong bias = result.HostValue - gva;
        if (shift > SmallShift)
        {
            bool large = shift >= LargeShift && FitsLarge(gva, result.GpaValue, slot);
            if (!large || shift > LargeShift)
            {
                NoteSplinter(gva, shift);
            }

            if (large)
            {
                Store(LargeEntry(space, gva), bits & 3, (gva & ~LargeMask) | _words[0], bias);
                return;
            }
        }

        Store(SmallEntry(space, gva), bits & 3, (gva & ~SmallMask) | _words[0], bias);
    }

    // All of it in one slot and, for writes, no frame that is guarded, nor one whose first write is to be noticed.
    private bool FitsLarge(ulong gva, ulong gpa, SlotRecord? slot)
    {
        ulong first = gpa - (gva & LargeMask);
        return _walker.IsInOneSlot(first, LargeMask + 1)
            && (slot is null
#if MMU_FAULT_156
                || (slot.Holds(first >> SmallShift) && slot.Holds((first + LargeMask) >> SmallShift)
#else
                || (!slot.IsLogged && slot.Holds(first >> SmallShift) && slot.Holds((first + LargeMask) >> SmallShift)
#endif
                    && !slot.TryNextGuarded(first >> SmallShift, (first + LargeMask + 1) >> SmallShift, out _)));
    }

    private void Store(ulong entry, uint kind, ulong tag, ulong bias)
    {
        ref ulong entryBias = ref _words[entry + BiasWord];
#if !MMU_FAULT_114
        if (entryBias != bias)
        {
            // The other tags speak of another place.
            _words.Slice(entry, Kinds).Clear();
        }

#endif
        entryBias = bias;
        _words[entry + kind] = tag;
        if (kind == (uint)AccessKind.Write)
        {
            // Where a write is allowed, so is a read.
            _words[entry] = tag;
        }
    }

    private static void ThrowClosed() =>
        throw new InvalidOperationException("The software TLB is used in guest only: between BeginRun and EndRun of its vCPU.");
}
