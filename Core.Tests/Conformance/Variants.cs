// Conformance: lists of values to multiply.
using System;
using System.Collections.Generic;

namespace Mmu.Tests.Conformance;

internal static class Variants
{
    // `value` with every subset of the given bits (or groups of bits) inverted: 2^n values.
    public static ulong[] Subsets(ulong value, params ReadOnlySpan<ulong> toggles)
    {
        var values = new ulong[1 << toggles.Length];
        for (int subset = 0; subset < values.Length; subset++)
        {
            ulong one = value;
            for (int i = 0; i < toggles.Length; i++)
            {
                one ^= ((subset >> i) & 1) != 0 ? toggles[i] : 0;
            }

            values[subset] = one;
        }

        return values;
    }

    // `value`, and `value` with each single bit inverted.
    public static ulong[] SingleBits(ulong value, int bits)
    {
        var values = new List<ulong> { value };
        for (int bit = 0; bit < bits; bit++)
        {
            values.Add(value ^ (1UL << bit));
        }

        return [.. values];
    }

    // `value` with each pair of bits inverted.
    public static ulong[] BitPairs(ulong value, int bits)
    {
        var values = new List<ulong>();
        for (int high = 1; high < bits; high++)
        {
            for (int low = 0; low < high; low++)
            {
                values.Add(value ^ (1UL << high) ^ (1UL << low));
            }
        }

        return [.. values];
    }

    // Every combination of the changes, each made or not, starting from a copy of `start`.
    public static List<T> Product<T>(T start, Func<T, T> copy, params ReadOnlySpan<Action<T>> changes)
    {
        var all = new List<T>();
        for (int subset = 0; subset < 1 << changes.Length; subset++)
        {
            T one = copy(start);
            for (int i = 0; i < changes.Length; i++)
            {
                if (((subset >> i) & 1) != 0)
                {
                    changes[i](one);
                }
            }

            all.Add(one);
        }

        return all;
    }
}
