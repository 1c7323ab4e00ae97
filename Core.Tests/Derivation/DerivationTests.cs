// Tests: the generator derives walkers, it does not print those it knows: modes that Core lacks walk as their descriptions say.
using System;
using System.Collections.Generic;
using Mmu.Architecture;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Derivation;

public sealed class DerivationTests
{
    private const int Rounds = 60;
    private const int WalksPerRound = 400;

    [Fact]
    public void ThreeLevelsOfTwoPageTablesWalkAsDescribed() =>
        Compare(DerivedFormat.Wide3, Wide3Walker.Code, WidePte.LargeMask, seed: 1);

    [Fact]
    public void FrameAtTheTopOfTheEntryWalksAsDescribed() =>
        Compare(DerivedFormat.High2, High2Walker.Code, HighPte.LargeMask, seed: 2);

    [Fact]
    public void ShortRootOver32BitEntriesWalksAsDescribed() =>
        Compare(DerivedFormat.Narrow4, Narrow4Walker.Code, NarrowPte.LargeMask, seed: 3);

    [Fact]
    public void FlagsBetweenFrameAndAddressWidthWalkAsDescribed() =>
        Compare(DerivedFormat.Plain3, Plain3Walker.Code, PlainPte.LargeMask, seed: 4);

    private static void Compare(DerivedFormat format, WalkCode code, ulong largeMask, int seed)
    {
        var random = new Random(seed);
        var seen = new Dictionary<string, int>();
        using var memory = new DerivedMemory();
        var oracle = new DerivedOracle(format, memory);
        for (int round = 0; round < Rounds; round++)
        {
            DerivedCpu cpu = RandomCpu(random);
            memory.Fill(() => RandomEntry(random, format), format.EntryBytes);
            ulong root = ((ulong)random.Next(DerivedMemory.Pages) << 12) | (random.Next(4) == 0 ? DerivedMemory.DecoyBase : 0);
            var walker = new DerivedWalker(code, memory, cpu, root, largeMask);
            for (int i = 0; i < WalksPerRound; i++)
            {
                ulong address = RandomAddress(random, format);
                DerivedAccess access = RandomAccess(random);
                bool nested = format.AddressSign >= 0 && random.Next(4) == 0;
                WalkResult peeked = walker.Peek(address, access.ToAccess());
                List<WalkStep> steps = [];
                WalkResult traced = walker.Trace(address, access.ToAccess(), steps);
                DerivedResult expected = oracle.Walk(cpu, root, address, access);
                nested &= expected.Highest < 1UL << 39;
                WalkResult walked = nested ? walker.WalkNested(address, access.ToAccess()) : walker.Walk(address, access.ToAccess());

                string what = $"{format} seed {seed} round {round} walk {i}: {address:x} {access} {cpu} nested={nested}";
                AssertEqual(expected, peeked, what);
                AssertEqual(expected, traced, what);
                DerivedResult marked = expected.Outcome == WalkOutcome.Translated
                    ? expected with { Entry = expected.EntryAgain }
                    : expected;
                marked = nested ? marked with { PageShift = Math.Min(expected.PageShift, 30), Rights = 0 } : marked;
                AssertEqual(marked, walked, what, withRights: !nested);
                Assert.True(steps.Count == expected.Reads, $"{what}: {steps.Count} entries traced, {expected.Reads} read");
                AssertClasses(walker, steps, traced, what);
                Assert.True(memory.Agrees(), $"{what}: memory differs after {expected}");
                Count(seen, $"{expected.Outcome} level {expected.Level}{(nested ? " nested" : "")}");
                Count(seen, $"code {expected.ErrorCode}");
            }
        }

        AssertCovered(format, seen);
    }

    private static void AssertEqual(DerivedResult expected, in WalkResult actual, string what, bool withRights = true)
    {
        DerivedResult found = DerivedResult.Of(actual) with
        {
            Reads = expected.Reads,
            Highest = expected.Highest,
            EntryAgain = expected.EntryAgain,
        };
        found = withRights ? found : found with { Rights = 0 };
        Assert.True(expected == found, $"{what}\nexpected {expected}\nfound    {found}");
    }

    // Code over whole address spaces sees single entries; it must see in them what the walk saw.
    private static void AssertClasses(DerivedWalker walker, List<WalkStep> steps, in WalkResult result, string what)
    {
        for (int i = 0; i < steps.Count; i++)
        {
            EntryClass found = walker.Classify(steps[i].Level, steps[i].Entry, out ulong address);
            bool last = i == steps.Count - 1;
            EntryClass expected = !last || result.Cause == FaultCause.TableOutsideMemory ? EntryClass.Table : result.Cause switch
            {
                FaultCause.NotPresent => EntryClass.Absent,
                FaultCause.ReservedBit => EntryClass.Malformed,
                _ => EntryClass.Page,
            };
            Assert.True(expected == found, $"{what}: level {steps[i].Level} entry {steps[i].Entry:x} is {found}, not {expected}");
            if (last && result.IsTranslated)
            {
                Assert.Equal(result.Gpa.Value & ~(result.PageBytes - 1), address);
            }
        }
    }

    // Without these the comparison would prove little.
    private static void AssertCovered(DerivedFormat format, Dictionary<string, int> seen)
    {
        List<string> wanted = ["code 0", "code 1", "code 3", "code 5", "code 7", "code 9", "code 16", "code 17", "code 65", "code 71"];
        for (int level = 1; level <= format.Levels; level++)
        {
            wanted.Add($"PageFault level {level}");
            if (level <= format.LargestLeaf)
            {
                wanted.Add($"Translated level {level}");
            }
        }

        if (format.AddressSign >= 0)
        {
            wanted.Add("Translated level 1 nested");
        }

        if (format.AddressSign > 0)
        {
            wanted.Add("NonCanonical level 0");
        }

        Assert.All(wanted, what => Assert.True(seen.ContainsKey(what), $"never seen: {what}"));
    }

    private static void Count(Dictionary<string, int> seen, string what) => seen[what] = seen.GetValueOrDefault(what) + 1;

    private static DerivedCpu RandomCpu(Random random) => new()
    {
        PhysicalAddressBits = random.Next(3) == 0 ? random.Next(32, 53) : 52,
        Amd = random.Next(2) == 0,
        NoExecuteOff = random.Next(4) == 0,
        No1GPages = random.Next(3) == 0,
        Pse = random.Next(3) != 0,
        WriteProtect = random.Next(2) == 0,
        Smep = random.Next(2) == 0,
        Smap = random.Next(2) == 0,
    };

    private static DerivedAccess RandomAccess(Random random)
    {
        int kind = random.Next(3);
        bool @implicit = random.Next(6) == 0;
        bool user = !@implicit && random.Next(2) == 0;
        bool shadowStack = kind != 2 && random.Next(6) == 0;
        return new DerivedAccess(kind == 1, kind == 2, user, @implicit, random.Next(2) == 0, shadowStack);
    }

    private static ulong RandomAddress(Random random, DerivedFormat format)
    {
        ulong any = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
        if (random.Next(20) == 0)
        {
            return any;
        }

        int unused = 64 - format.AddressBits;
        return format.AddressSign > 0 ? (ulong)((long)(any << unused) >> unused) : (any << unused) >> unused;
    }

    // Mostly present, mostly permitted, mostly within memory: so that walks get far, and fail everywhere.
    private static ulong RandomEntry(Random random, DerivedFormat format)
    {
        ulong entry = (ulong)random.Next(DerivedMemory.Pages) << format.FrameLow;
        if (random.Next(30) == 0)
        {
            entry |= 1UL << (format.FrameLow + random.Next(format.FrameBits));
        }

        if (random.Next(20) == 0)
        {
            entry ^= 1UL << random.Next(format.EntryBytes * 8);
        }

        entry |= Chance(random, 19, 20, format.Present) | Chance(random, 3, 4, format.Writable) | Chance(random, 3, 4, format.User);
        entry |= Chance(random, 1, 2, format.Accessed) | Chance(random, 1, 2, format.Dirty) | Chance(random, 1, 10, format.NoExecute);
        if (random.Next(4) == 0)
        {
            // A large page, at the level where this one may come to stand, with the frame bits inside the page clear or not.
            int below = random.Next(1, 3) * format.IndexBits;
            entry |= 1UL << format.Large;
            entry &= random.Next(4) == 0 ? ulong.MaxValue : ~(((1UL << below) - 1) << format.FrameLow);
            entry |= format.Levels == 4 ? (ulong)random.Next(8) << 9 : 0;
        }

        return entry;
    }

    private static ulong Chance(Random random, int of, int outOf, int bit) => bit >= 0 && random.Next(outOf) < of ? 1UL << bit : 0;
}
