// Shadow judge: the guest's memory, with its past.
using System;
using System.Collections.Generic;
using Mmu.Tests.Judge;

namespace Mmu.Tests.Shadow;

/// <summary>The slots of both address spaces, time, and what every word held when.</summary>
internal sealed class GuestWorld
{
    private const int LengthsShown = 8;

    private readonly List<ModelSlot> _slots = [];

    internal WordHistory History { get; } = new();

    /// <summary>Goes up with every command.</summary>
    internal long Now { get; set; } = 1;

    internal IReadOnlyList<ModelSlot> Slots => _slots;

    internal ModelSlot? Find(int addressSpace, ulong gpa)
    {
        foreach (ModelSlot slot in _slots)
        {
            if (slot.AddressSpace == addressSpace && slot.Holds(gpa))
            {
                return slot;
            }
        }

        return null;
    }

    /// <summary>The slot and guest physical address that a host physical address in a slot's memory stands for.</summary>
    internal (ModelSlot Slot, ulong Gpa) Locate(ulong physical)
    {
        foreach (ModelSlot slot in _slots)
        {
            if (slot.Range.Holds(physical >> 12))
            {
                return (slot, slot.Gpa + ((ulong)slot.Range.PageOf(physical >> 12) << 12) + (physical & 0xFFF));
            }
        }

        throw new JudgeException($"{physical:x} is no memory of a slot.");
    }

    internal void Add(ModelSlot slot) => _slots.Add(slot);

    /// <summary>Takes a slot away: what its words held becomes past.</summary>
    internal void Remove(ModelSlot slot)
    {
        _ = _slots.Remove(slot);
        foreach ((int page, ulong[] known) in slot.Known)
        {
            for (int i = 0; i < known.Length; i++)
            {
                if ((known[i] & 1) != 0 || ((known[i] >> 32) & 1) != 0)
                {
                    History.Ended(slot.AddressSpace, slot.Gpa + ((ulong)page << 12) + ((ulong)i << 3), known[i], Now);
                }
            }
        }
    }

    /// <summary>Stores to guest memory as a processor or device does, within a page.</summary>
    internal void Store(ModelSlot slot, ulong gpa, int bytes, ulong value)
    {
        ulong first = slot.Load(gpa);
        ulong last = slot.Load(gpa + (ulong)bytes - 1);
        slot.Store(gpa, bytes, value);
        Stored(slot, gpa, first);
        if (((gpa + (ulong)bytes - 1) ^ gpa) >> 3 != 0)
        {
            Stored(slot, gpa + (ulong)bytes - 1, last);
        }
    }

    /// <summary>Notes that part of a word was stored to by someone this model knows of; call it after the store with the word from before.</summary>
    internal void Stored(ModelSlot slot, ulong gpa, ulong before)
    {
        ulong word = gpa & ~7UL;
        ulong now = slot.Load(word);
        if (now != before)
        {
            History.Ended(slot.AddressSpace, word, before, Now);
        }

        if (slot.Known.TryGetValue(slot.PageOf(word), out ulong[]? known))
        {
            known[(int)(word & 0xFFF) >> 3] = now;
        }
    }

    /// <summary>
    /// Finds what the library changed in watched pages since the last time. It may do nothing but set bits, and those only where
    /// <paramref name="allowed"/> has them, by address space and word.
    /// </summary>
    /// <exception cref="JudgeException">Something else changed.</exception>
    internal void Observe(IReadOnlyDictionary<(int AddressSpace, ulong Word), ulong> allowed)
    {
        List<string> wrong = [];
        foreach (ModelSlot slot in _slots)
        {
            foreach ((int page, ulong[] known) in slot.Known)
            {
                Span<ulong> words = slot.WordsOf(page);
                int at = words.CommonPrefixLength(known);
                while (at < known.Length)
                {
                    ulong gpa = slot.Gpa + ((ulong)page << 12) + ((ulong)at << 3);
                    ulong changed = words[at] ^ known[at];
                    _ = allowed.TryGetValue((slot.AddressSpace, gpa >> 3), out ulong bits);
                    if ((changed & ~bits) != 0 || (known[at] & changed) != 0)
                    {
                        wrong.Add($"{gpa:x}: {known[at]:x} became {words[at]:x}, may gain {bits:x}");
                    }

                    Stored(slot, gpa, known[at]);
                    at++;
                    at += words[at..].CommonPrefixLength(known.AsSpan(at));
                }
            }
        }

        if (wrong.Count != 0)
        {
            throw new JudgeException($"Guest memory changed: {string.Join("; ", wrong.GetRange(0, Math.Min(wrong.Count, LengthsShown)))}");
        }
    }
}
