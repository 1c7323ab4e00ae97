// Another processor rewrites entries all the while: each level is decided from one version of its entry, never from a mixture.
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Tests.Walk;
using Mmu.Walk;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Properties;

public sealed class RewriteTests
{
    private const ulong Address = 0x40_3000;
    private const ulong FirstFrame = Machine.Data;
    private const ulong SecondFrame = Machine.Data + 0x5000;

    public static IEnumerable<TheoryDataRow<GuestMode, SecondMode>> Modes =>
        from x in Machine.All where x.Mode != GuestMode.Unpaged select new TheoryDataRow<GuestMode, SecondMode>(x.Mode, x.Second);

    [Theory]
    [MemberData(nameof(Modes))]
    public void AResultComesFromOneVersionOfEachEntry(GuestMode mode, SecondMode second)
    {
        using Machine machine = new(mode, second);
        machine.Map(Address, FirstFrame, 7);
        ulong table = machine.Tables![Address, 2] & ~0xFFFUL;
        ulong otherTable = table + 0x8000;
        machine.Guest.At(table, 4096).CopyTo(machine.Guest.At(otherTable, 4096));
        ulong leaf = machine.Tables.AddressOf(Address, 1);
        ulong otherLeaf = leaf + 0x8000;
        ulong above = machine.Tables.AddressOf(Address, 2);
        machine.Enter();

        // Two versions of the leaf in either table, and two of the entry that chooses the table; no right of one version is that of the
        // other.
        bool done = false;
        int bytes = machine.Tables.Shape.EntryBytes;
        Thread rewriting = new(() =>
        {
            for (ulong i = 0; !Volatile.Read(ref done); i++)
            {
                bool first = (i & 1) == 0;
                machine.Guest.Write(leaf, bytes, first ? FirstFrame | 0x07 : SecondFrame | 0x605);
                machine.Guest.Write(otherLeaf, bytes, first ? SecondFrame | 0xA05 : FirstFrame | 0xC07);
                machine.Guest.Write(above, bytes, (i & 2) == 0 ? table | 7 : otherTable | 7);
            }
        });
        rewriting.Start();
        int translated = 0;
        for (int i = 0; i < 6000; i++)
        {
            Access access = (i & 1) == 0 ? Access.UserRead : Access.UserWrite;
            bool ok = (i & 2) == 0
                ? machine.Walker.Translate(new Gva(Address), access, out WalkResult result)
                : machine.Walker.Peek(new Gva(Address), access, out result);
            bool isFirst = (result.Entry & ~0xFFFUL) == FirstFrame;
            if (ok)
            {
                translated++;
                Assert.Contains(result.Entry & ~0x60UL, (ulong[])[FirstFrame | 0x07, SecondFrame | 0x605, SecondFrame | 0xA05, FirstFrame | 0xC07]);
                Assert.Equal(result.Entry & ~0xFFFUL, second == SecondMode.None ? result.Gpa.Value : result.NestedGpa.Value);
                Assert.Equal(isFirst, (result.Rights & Rights.Write) != 0);
            }
            else if (result.Outcome != WalkOutcome.Retry)
            {
                Assert.Equal(FaultCause.NotWritable, result.Cause);
                Assert.False(isFirst);
            }
        }

        Volatile.Write(ref done, true);
        rewriting.Join();
        Assert.True(translated > 0);
    }
}
