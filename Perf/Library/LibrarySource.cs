// Perf: the library's own walkers as competitors.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Perf.Peers;
using Mmu.Walk;

namespace Mmu.Perf.Library;

/// <summary>The generated walker over one flat window, and the public API over the slots of the working set.</summary>
internal sealed class LibrarySource : ICompetitorSource
{
    public IEnumerable<Competitor> Create(MeasureKind kind, WorkingSet set)
    {
        Access access = kind == MeasureKind.Write ? Access.UserWrite : Access.UserRead;
        GuestWalker flat = Walker(set, OneSlot(set));
        GuestWalker slots = SlotWalker(set);
        if (kind == MeasureKind.Batch)
        {
            yield return new BatchCompetitor(Competitor.Core, flat, access);
            yield return new BatchCompetitor(Competitor.CoreSlots, slots, access);
            yield break;
        }

        bool dependent = kind == MeasureKind.Dependent;
        yield return set.Mode.Levels switch
        {
            2 => new FlatCompetitor<Legacy32Walk>(flat, OneSlot(set), access, dependent),
            3 => new FlatCompetitor<PaeWalk>(flat, OneSlot(set), access, dependent),
            4 => new FlatCompetitor<Long4Walk>(flat, OneSlot(set), access, dependent),
            _ => new FlatCompetitor<Long5Walk>(flat, OneSlot(set), access, dependent),
        };
        yield return new PublicCompetitor(slots, access, dependent);
    }

    /// <summary>The public API over the four slots.</summary>
    internal static GuestWalker SlotWalker(WorkingSet set) => Walker(set, ManySlots(set));

    private static unsafe MemorySlot[] OneSlot(WorkingSet set) => [new MemorySlot(new Gpa(0), set.Limit, (nuint)set.Memory)];

    private static unsafe MemorySlot[] ManySlots(WorkingSet set)
    {
        List<MemorySlot> slots = [];
        foreach (PeerSlot slot in set.Slots)
        {
            SlotFlags flags = slot.Flags != 0 ? SlotFlags.ReadOnly : SlotFlags.None;
            slots.Add(new MemorySlot(new Gpa(slot.Gpa), slot.Size, (nuint)(slot.Bias + slot.Gpa), flags));
        }

        return [.. slots];
    }

    private static unsafe GuestWalker Walker(WorkingSet set, MemorySlot[] slots)
    {
        GuestMemory memory = new();
        foreach (MemorySlot slot in slots)
        {
            memory.AddSlot(slot);
        }

        GuestWalker walker = new(memory, new CpuFeatures { PhysicalAddressBits = MeasuredState.MaxPhysicalAddressBits });
        ControlStateStatus status = walker.SetControlState(new ControlState
        {
            Cr0 = MeasuredState.Cr0,
            Cr3 = set.Context->Root,
            Cr4 = MeasuredState.Cr4(set.Mode),
            Efer = MeasuredState.Efer(set.Mode),
            Pkru = MeasuredState.Pkru,
        });
        return status == ControlStateStatus.Legal ? walker : throw new InvalidOperationException($"The control state of {set.Mode} is refused: {status}.");
    }
}
