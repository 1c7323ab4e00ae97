// Shadow judge: addresses that a vCPU used of late, so that a stream comes back to them.
using System;
using Mmu.Tests.Conformance;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

internal sealed class LinearPool
{
    private const int Size = 10;
    private const int Tries = 6;
    private readonly ulong[] _recent = new ulong[Size];
    private OracleMode _mode;
    private int _count;

    /// <summary>A recent address of the mode in force, or a new one: one that translates, if one is soon found.</summary>
    internal ulong Pick(SeededRandom random, OracleMode mode, Predicate<ulong> translates)
    {
        if (mode != _mode)
        {
            _mode = mode;
            _count = 0;
        }

        ulong linear = LinearMaker.Make(random, mode);
        if (_count != 0 && random.Next(6) != 0)
        {
            return (_recent[random.Next(_count)] & ~0xFFFUL) | (linear & 0xFFF);
        }

        for (int i = 0; i < Tries && !translates(linear); i++)
        {
            linear = LinearMaker.Make(random, mode);
        }

        return Keep(random, linear);
    }

    private ulong Keep(SeededRandom random, ulong linear)
    {
        if (_count < Size)
        {
            _recent[_count++] = linear;
        }
        else
        {
            _recent[random.Next(Size)] = linear;
        }

        return linear;
    }
}
