// Shadow judge: dirty logs that run beside a stream, each with a copy of the memory as its consumer has it.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Tests.Conformance;
using Mmu.Tests.Judge;
using Mmu.Vm;

namespace Mmu.Tests.Shadow;

internal sealed class LogJudge(StreamVm vm)
{
    private const int Most = 3;

    private readonly List<(DirtyLogSession Log, ModelSlot Slot, ulong[] Copy)> _logs = [];

    /// <summary>Pages reported, and those that had really changed.</summary>
    internal (long Reported, long Changed) Counts { get; private set; }

    /// <summary>Starts, reads or ends a log.</summary>
    internal void Execute(SeededRandom random)
    {
        _ = _logs.RemoveAll(log => log.Log.IsEnded);
        int choice = random.Next(8);
        if (_logs.Count == 0 || (choice == 0 && _logs.Count < Most))
        {
            Start(random);
            return;
        }

        int at = random.Next(_logs.Count);
        (DirtyLogSession log, ModelSlot slot, ulong[] copy) = _logs[at];
        ulong[] bitmap = new ulong[log.Words];
        switch (choice)
        {
            case 1:
                vm.AsHost(_ => log.Dispose());
                _logs.RemoveAt(at);
                return;
            case 2 or 3:
                // The consumer fails after the first half: what it has not confirmed comes again.
                vm.AsHost(_ => vm.Retry(() => log.Get(0, bitmap)));
                Copy(slot, copy, bitmap, log.Pages / 2);
                vm.AsHost(_ => log.Clear(0, log.Pages / 2));
                return;
            default:
                vm.AsHost(_ => log.Harvest(bitmap));
                Copy(slot, copy, bitmap, log.Pages);
                Compare(slot, copy);
                return;
        }
    }

    private void Start(SeededRandom random)
    {
        // The first has the tables, and most of what is written.
        ModelSlot slot = vm.World.Slots[random.Next(3) == 0 ? random.Next(vm.World.Slots.Count) : 0];
        DirtyLogOptions options = new() { InitiallyAllSet = random.Next(4) == 0, SplitEagerly = random.Next(4) == 0 };
        DirtyLogSession? log = null;
        try
        {
            vm.AsHost(library => log = library.StartDirtyLog(new Gpa(slot.Gpa), options, slot.AddressSpace));
        }
        catch (InvalidOperationException)
        {
            // There is no room to split: lazily, then.
            vm.Retry(() => vm.AsHost(library => log = library.StartDirtyLog(new Gpa(slot.Gpa), options with { SplitEagerly = false }, slot.AddressSpace)));
        }

        ulong[] copy = new ulong[slot.Range.Pages * 512];
        for (int page = 0; page < slot.Range.Pages; page++)
        {
            slot.WordsOf(page).CopyTo(copy.AsSpan(page * 512));
        }

        _logs.Add((log!, slot, copy));
    }

    private void Copy(ModelSlot slot, ulong[] copy, ulong[] bitmap, ulong pages)
    {
        for (int page = 0; (ulong)page < pages; page++)
        {
            if ((bitmap[page / 64] & (1UL << (page % 64))) != 0)
            {
                Span<ulong> kept = copy.AsSpan(page * 512, 512);
                Counts = (Counts.Reported + 1, Counts.Changed + (kept.SequenceEqual(slot.WordsOf(page)) ? 0 : 1));
                slot.WordsOf(page).CopyTo(kept);
            }
        }
    }

    private static void Compare(ModelSlot slot, ulong[] copy)
    {
        for (int page = 0; page < slot.Range.Pages; page++)
        {
            if (!slot.WordsOf(page).SequenceEqual(copy.AsSpan(page * 512, 512)))
            {
                throw new JudgeException($"The page at {slot.Gpa + ((ulong)page << 12):x} was written, and the dirty log does not say so.");
            }
        }
    }
}
