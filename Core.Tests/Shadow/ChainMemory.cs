// Shadow judge: guest memory in which the literal walker reads a chosen past value at each step.
using System;
using System.Collections.Generic;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

/// <summary>
/// Offers each entry's values, newest first, that a processor could have cached: present and accessed. Walking again after
/// <see cref="TryNext"/> takes the next combination.
/// </summary>
internal sealed class ChainMemory(GuestWorld world, int addressSpace) : OracleMemory
{
    private const ulong Present = 1;
    private const ulong Accessed = 1UL << 5;

    private readonly List<ChainStep> _candidates = [];
    private readonly List<ChainStep> _chain = [];
    private readonly int[] _choice = new int[6];
    private readonly int[] _count = new int[6];

    /// <summary>What was read in this walk.</summary>
    internal IReadOnlyList<ChainStep> Chain => _chain;

    /// <summary>Values that ended before are not offered.</summary>
    internal long Oldest { get; init; }

    /// <summary>Offers present values only.</summary>
    internal bool IsFresh { get; init; }

    /// <summary>Begins a walk.</summary>
    internal void Rewind() => _chain.Clear();

    /// <summary>Chooses other values for the next walk; false if all combinations were walked.</summary>
    internal bool TryNext()
    {
        for (int depth = _chain.Count - 1; depth >= 0; depth--)
        {
            if (_choice[depth] + 1 < _count[depth])
            {
                _choice[depth]++;
                Array.Clear(_choice, depth + 1, _choice.Length - depth - 1);
                return true;
            }
        }

        return false;
    }

    public override bool TryRead(ulong address, int bytes, out ulong value)
    {
        Collect(address, bytes);
        int depth = _chain.Count;
        _count[depth] = _candidates.Count;
        value = 0;
        if (_candidates.Count == 0)
        {
            return false;
        }

        _chain.Add(_candidates[_choice[depth]]);
        value = _chain[depth].Value;
        return true;
    }

    private void Collect(ulong address, int bytes)
    {
        _candidates.Clear();
        IReadOnlyList<WordVersion> past = world.History.Of(addressSpace, address);
        bool inRom = false;
        if (world.Find(addressSpace, address) is { } slot)
        {
            inRom = slot.IsReadOnly;
            long since = past.Count == 0 ? slot.Since : Math.Max(slot.Since, past[^1].To);
            Offer(new WordVersion(slot.Load(address), since, long.MaxValue), address, bytes, inRom);
        }

        for (int i = past.Count - 1; i >= 0 && !IsFresh && past[i].To >= Oldest; i--)
        {
            Offer(past[i], address, bytes, inRom);
        }
    }

    private void Offer(WordVersion version, ulong address, int bytes, bool inRom)
    {
        ulong value = bytes == 8 ? version.Value : (uint)(version.Value >> (int)((address & 4) * 8));
        if ((value & Present) != 0 && (inRom || (value & Accessed) != 0))
        {
            _candidates.Add(new ChainStep(value, version.From, version.To, inRom));
        }
    }
}
