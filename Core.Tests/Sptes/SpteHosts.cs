// Tests: hosts and leaves that the tests range over.
using System.Collections.Generic;
using Mmu.Architecture;
using Mmu.Sptes;

namespace Mmu.Tests.Sptes;

/// <summary>Hosts and leaves.</summary>
internal static class SpteHosts
{
    /// <summary>A host without peculiarities.</summary>
    public static SpteHost Plain { get; } = new(46);

    /// <summary>Every width, with and without L1TF where that is possible, and with encryption bits at usual places.</summary>
    public static IEnumerable<SpteHost> All
    {
        get
        {
            for (int width = 32; width <= 52; width++)
            {
                yield return new SpteHost(width);
                if (width <= 46)
                {
                    yield return new SpteHost(width, l1tf: true);
                }

                foreach (int bit in (int[])[43, 47, 51])
                {
                    yield return new SpteHost(width, 1UL << bit);
                }
            }
        }
    }

    /// <summary>All combinations of rights, traits and levels.</summary>
    public static IEnumerable<LeafSpec> Leaves(ulong frame)
    {
        for (int bits = 0; bits < 16 * 64 * 3; bits++)
        {
            yield return new LeafSpec
            {
                Frame = frame,
                Level = (bits / 1024) + 1,
                Rights = (Rights)(bits % 16),
                Traits = (LeafTraits)(bits / 16 % 64),
                Key = (uint)(bits * 7 / 3 % 16),
                MemoryType = (bits % 5) switch
                {
                    0 => MemoryType.WriteBack,
                    1 => MemoryType.WriteThrough,
                    2 => MemoryType.WriteCombining,
                    3 => MemoryType.WriteProtected,
                    _ => MemoryType.Uncacheable,
                },
                IgnorePat = bits % 3 == 0,
            };
        }
    }
}
