// Perf: the public batch call.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Walk;

namespace Mmu.Perf.Library;

/// <summary>Calls <see cref="GuestWalker.TranslateMany"/> with 256 addresses a time, into one buffer that stays in the cache.</summary>
internal sealed unsafe class BatchCompetitor(string name, GuestWalker walker, Access access) : Competitor(name)
{
    private const int Batch = 256;

    private readonly WalkResult[] _results = new WalkResult[Batch];

    public override ulong Run(ulong* gvas, int count, ulong zero)
    {
        ulong sum = 0;
        for (int i = 0; i < count; i += Batch)
        {
            ReadOnlySpan<Gva> some = new(gvas + i, Math.Min(Batch, count - i));
            if (walker.TranslateMany(some, access, _results) != some.Length)
            {
                return ulong.MaxValue;
            }

            foreach (ref readonly WalkResult result in _results.AsSpan(0, some.Length))
            {
                sum += result.Gpa.Value;
            }
        }

        return sum;
    }
}
