// Whatever a guest puts into its tables, walks end, agree with each other and leave the rest of the process alone. Guard pages around
// every slot, and host protection on read-only ones, turn a stray access into a crash.
using System;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Properties;

public sealed class HostileWalkTests
{
    private const int AccessesPerGuest = 48;

    [Fact]
    public void PeekLeavesNoTraceAndExplainAgrees()
    {
        int walks = 0;
        int translations = 0;
        int complete = 0;
        HostileTables.Hold(400, guest =>
        {
            if (!guest.TryEnter())
            {
                return;
            }

            byte[] before = guest.Guest.Image();
            int limit = ReadLimit.Of(guest.Mode, guest.Second);
            for (int i = 0; i < AccessesPerGuest; i++)
            {
                Gva gva = guest.RandomAddress();
                Access access = guest.RandomAccess();
                bool translated = guest.Walker.Peek(gva, access, out WalkResult peeked);
                Assert.Equal(translated, peeked.IsTranslated);
                WalkExplanation explained = guest.Walker.Explain(gva, access);
                Assert.True(peeked == explained.Result, $"{gva} {access}: {peeked} but explained as {explained.Result}");
                Assert.InRange(explained.Steps.Count, 0, limit);
                walks++;
                translations += translated ? 1 : 0;
                complete += explained.Steps.Count == limit ? 1 : 0;
            }

            Assert.True(before.AsSpan().SequenceEqual(guest.Guest.Image()));
        });

        // The tables are hostile, not hopeless: otherwise these properties would say little.
        Assert.InRange(translations, walks / 200, walks);
        Assert.InRange(complete, walks / 200, walks);
    }

    [Fact]
    public void TranslateDecidesAsPeekDidAndAFaultOfOneDimensionLeavesNoTrace() => HostileTables.Hold(300, guest =>
    {
        if (!guest.TryEnter())
        {
            return;
        }

        byte[] before = guest.Guest.Image();
        for (int i = 0; i < AccessesPerGuest; i++)
        {
            Gva gva = guest.RandomAddress();
            Access access = guest.RandomAccess();
            _ = guest.Walker.Peek(gva, access, out WalkResult peeked);
            bool translated = guest.Walker.Translate(gva, access, out WalkResult result);
            byte[] after = guest.Guest.Image();
            bool changed = !before.AsSpan().SequenceEqual(after);
            if (guest.Second == Walk.SecondMode.None)
            {
                Assert.True(translated || !changed, $"{gva} {access}: a fault left a trace: {result}");
                Assert.NotEqual(WalkOutcome.Retry, result.Outcome);
            }

            // Marking one entry can change another that is read through an alias, in the second dimension above all.
            // Nor does peeking ask whether EPT would let a guest table be marked.
            bool markRefused = result.InSecondDimension && !result.OnFinalAccess && result.Cause == FaultCause.NotWritable;
            if (!changed && !markRefused)
            {
                Assert.True(peeked == result, $"{gva} {access}: {result} but peeked as {peeked}");
            }

            AssertOnlyMarks(guest, before, after);
            before = after;
        }
    });

    [Fact]
    public void TranslateManyIsTranslateItemByItem() => HostileTables.Hold(300, guest =>
    {
        if (!guest.TryEnter())
        {
            return;
        }

        byte[] before = guest.Guest.Image();
        Access access = guest.RandomAccess();
        Gva[] gvas = [.. Enumerable.Range(0, guest.Random(90)).Select(_ => guest.RandomAddress())];
        WalkResult[] many = new WalkResult[gvas.Length];
        int translated = guest.Walker.TranslateMany(gvas, access, many);
        Assert.Equal(many.Count(result => result.IsTranslated), translated);
        byte[] after = guest.Guest.Image();
        guest.Guest.Restore(before);
        for (int i = 0; i < gvas.Length; i++)
        {
            _ = guest.Walker.Translate(gvas[i], access, out WalkResult one);
            Assert.True(one == many[i], $"{gvas[i]} {access}, item {i}: {many[i]} but alone {one}");
        }

        Assert.True(after.AsSpan().SequenceEqual(guest.Guest.Image()));
    });

    [Fact]
    public void DataAccessesNeverThrowAndNeverLeaveTheSlots() => HostileTables.Hold(300, guest =>
    {
        if (!guest.TryEnter())
        {
            return;
        }

        byte[] buffer = new byte[3 * 4096];
        for (int i = 0; i < AccessesPerGuest; i++)
        {
            Gva gva = guest.RandomAddress();
            AccessFlags flags = guest.RandomAccess().Flags;
            Span<byte> span = buffer.AsSpan(0, guest.Random(buffer.Length));
            bool done = guest.Random(4) switch
            {
                0 => guest.Walker.TryRead(gva, span, out _, flags),
                1 => guest.Walker.TryWrite(gva, span, out _, flags),
                2 => guest.Walker.TryCompareExchange(gva, (byte)guest.RandomBits(), (byte)0, out _, out _, flags),
                _ => guest.Walker.TryCompareExchange(gva, guest.RandomBits(), guest.RandomBits(), out _, out _, flags),
            };
            Gpa gpa = new(gva.Value >> guest.Random(64));
            _ = guest.Guest.Memory.TryRead(gpa, span);
            _ = guest.Guest.Memory.TryCompareExchange(gpa, (uint)guest.RandomBits(), 0U, out _);
            _ = done;
        }
    });

    [Fact]
    public void NoWalkReadsMoreEntriesThanItsDimensionsHave()
    {
        if (!ReadLimit.CanCount)
        {
            Assert.Skip("Loads are counted in Debug builds only; PeekLeavesNoTraceAndExplainAgrees bounds the same walks by their explanation.");
        }

        HostileTables.Hold(300, guest =>
        {
            if (!guest.TryEnter())
            {
                return;
            }

            int limit = ReadLimit.Of(guest.Mode, guest.Second);
            for (int i = 0; i < AccessesPerGuest; i++)
            {
                Gva gva = guest.RandomAddress();
                Access access = guest.RandomAccess();
                long before = ReadLimit.Loads;
                _ = guest.Walker.Peek(gva, access, out WalkResult result);
                Assert.InRange(ReadLimit.Loads - before, 0, limit);

                // An attempt marks at least one entry unless it is the last, and no path has more of them than this.
                before = ReadLimit.Loads;
                _ = guest.Walker.Translate(gva, access, out result);
                Assert.InRange(ReadLimit.Loads - before, 0, limit * 8L * (guest.Second == Walk.SecondMode.None ? 1 : 8));

                // Nothing is left to be marked: one attempt.
                if (result.IsTranslated && guest.Walker.Translate(gva, access, out _))
                {
                    before = ReadLimit.Loads;
                    _ = guest.Walker.Translate(gva, access, out _);
                    Assert.InRange(ReadLimit.Loads - before, 0, limit);
                }
            }
        });
    }

    // A mark sets accessed and dirty bits, of legacy entries (5, 6) or of EPT's (8, 9), and nothing else.
    private static void AssertOnlyMarks(HostileGuest guest, byte[] before, byte[] after)
    {
        for (int i = 0; i < before.Length; i++)
        {
            if (before[i] != after[i])
            {
                int set = after[i] & ~before[i];
                Assert.Equal(before[i] | set, after[i]);
                Assert.Equal(0, set & ~(i % (guest.Mode == Walk.GuestMode.Legacy32 || guest.Second == Walk.SecondMode.Npt32 ? 4 : 8) == 0 ? 0x60 : 0x03));
            }
        }
    }
}
