// Tests: changes of present entries, and the invariants that survive every one of them.
using System;
using System.Linq;
using Mmu.Architecture;
using Mmu.Sptes;
using Xunit;
using static Mmu.Tests.Sptes.SpteBits;

namespace Mmu.Tests.Sptes;

public sealed class ChangeTests
{
    private const int Seed = 99;
    private const ulong Page = 0x12_3456_7000;

    public static TheoryData<string> Formats => SpteProbe.Names;

    [Theory]
    [MemberData(nameof(Formats))]
    public void WriteProtectionKeepsMmuWritableOnlyIfAsked(string name) => ForAllLeaves(name, (format, bits, leaf) =>
    {
        Assert.Equal(Without(leaf, bits.Write), format.WriteProtect(leaf, keepMmuWritable: true));
        Assert.Equal(Without(Without(leaf, bits.Write), bits.MmuWritable), format.WriteProtect(leaf, keepMmuWritable: false));
    });

    [Theory]
    [MemberData(nameof(Formats))]
    public void RestoredWriteIsWhatWasTaken(string name) => ForAllLeaves(name, (format, bits, leaf) =>
    {
        if (!format.IsMmuWritable(leaf))
        {
            return;
        }

        ulong restored = format.RestoreWrite(format.WriteProtect(leaf, keepMmuWritable: true));

        // Where no CPU would mark the write that follows, it is marked at once, and what was tracked is readable again.
        ulong readable = format.RestoreAccess(leaf);
        Assert.Equal(With(With(readable, bits.Write, wanted: true), bits.Dirty, bits.Tracks), restored);
        Assert.Equal(format.IsWritable(leaf) ? leaf : restored, restored);
    });

    [Theory]
    [MemberData(nameof(Formats))]
    public void AgedEntryNoticesTheNextAccess(string name) => ForAllLeaves(name, (format, bits, leaf) =>
    {
        ulong aged = format.ClearAccessed(leaf);

        Assert.False(format.IsAccessed(aged));
        Assert.True(bits.Tracks ? format.RightsOf(aged) == Rights.None : aged == Without(leaf, bits.Accessed));
        Assert.Equal(bits.Tracks, format.IsAccessTracked(aged));
        Assert.Equal(aged, format.ClearAccessed(aged));
        Assert.Equal(leaf & SpteModel.Frame, aged & SpteModel.Frame);
    });

    [Theory]
    [MemberData(nameof(Formats))]
    public void TrackedEntryGetsAllRightsBackButW(string name) => ForAllLeaves(name, (format, bits, leaf) =>
    {
        ulong aged = format.ClearAccessed(leaf);
        ulong restored = format.RestoreAccess(aged);
        if (!bits.Tracks)
        {
            Assert.Equal(aged, restored);
            return;
        }

        // A leaf that is tracked from the start has nothing but saved rights to give.
        Assert.True(format.IsAccessed(restored));
        Assert.False(format.IsWritable(restored));
        Assert.False(format.IsAccessTracked(restored));
        Assert.False(Has(restored, bits.SavedRead) || Has(restored, bits.SavedExecute) || Has(restored, bits.SavedUser));
        Assert.Equal(aged, format.ClearAccessed(restored));
        Assert.Equal(restored, format.RestoreAccess(restored));
        if (!format.IsAccessTracked(leaf))
        {
            Assert.Equal(Without(leaf, bits.Write), restored);
        }
    });

    [Theory]
    [MemberData(nameof(Formats))]
    public void CleanEntryNoticesTheNextWrite(string name) => ForAllLeaves(name, (format, bits, leaf) =>
    {
        ulong clean = format.ClearDirty(leaf);

        Assert.False(format.IsDirty(clean));
        Assert.Equal(bits.Tracks ? Without(Without(leaf, bits.Write), bits.Dirty) : Without(leaf, bits.Dirty), clean);
        Assert.Equal(format.IsMmuWritable(leaf), format.IsMmuWritable(clean));
    });

    [Theory]
    [MemberData(nameof(Formats))]
    public void PartOfAHugePageIsALeafMadeAlike(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        var host = new SpteHost(43, 1UL << 47);
        foreach (LeafSpec huge in SpteHosts.Leaves(0x40_8000_0000).Where(spec => spec.Level > 1))
        {
            int index = (int)(huge.Key * 31) & 511;
            ulong size = huge.Level == 3 ? 0x20_0000UL : 0x1000UL;
            LeafSpec part = With(huge, huge.Frame + ((ulong)index * size), huge.Level - 1, huge.Rights);
            Rights fetches = SpteProbe.BitsOf(name).IsEpt ? Rights.Execute | Rights.User : Rights.Execute;
            LeafSpec executable = With(huge, part.Frame, part.Level, part.Rights | fetches);
            ulong leaf = format.MakeLeaf(host, huge);

            Assert.Equal(format.MakeLeaf(host, part), format.SplitChild(host, leaf, huge.Level, index, executable: false));

            Assert.Equal(format.MakeLeaf(host, executable), format.SplitChild(host, leaf, huge.Level, index, executable: true));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void LastPartOfTheHighestPageStaysInItsFrame(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        var host = new SpteHost(52);
        ulong leaf = format.MakeLeaf(host, new LeafSpec { Level = 3, Frame = 0xF_FFFF_C000_0000, Rights = Rights.Read });

        ulong part = format.SplitChild(host, leaf, 3, 511, executable: false);
        ulong page = format.SplitChild(host, part, 2, 511, executable: false);

        Assert.Equal(leaf | 0x3FE0_0000UL, part);
        Assert.Equal((leaf | 0x3FFF_F000UL) & ~0x80UL, page);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void WritableBitsStayNestedWhateverIsDone(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        SpteBits bits = SpteProbe.BitsOf(name);
        var host = new SpteHost(46);
        var random = new Random(Seed);
        LeafSpec[] leaves = [.. SpteHosts.Leaves(0x40_8000_0000)];
        for (int stream = 0; stream < 5000; stream++)
        {
            LeafSpec spec = leaves[random.Next(leaves.Length)];
            int level = spec.Level;
            ulong entry = format.MakeLeaf(host, spec);
            AssertNested(bits, entry);
            for (int step = 0; step < 20; step++)
            {
                entry = Step(format, host, entry, ref level, random);
                AssertNested(bits, entry);
                Assert.True(Spte.IsPresent(entry));
                Assert.Equal(level > 1, Spte.IsLarge(entry, level));
                Assert.Equal(bits.IsPae ? 0 : entry & 0x7FF0_0000_0000_0000, entry & 0x7FF0_0000_0000_0000);
            }
        }
    }

    private static ulong Step(ISpteProbe format, SpteHost host, ulong entry, ref int level, Random random)
    {
        switch (random.Next(9))
        {
            case 0: return format.WriteProtect(entry, keepMmuWritable: true);
            case 1: return format.WriteProtect(entry, keepMmuWritable: false);
            case 2: return format.IsMmuWritable(entry) ? format.RestoreWrite(entry) : entry;
            case 3: return format.ClearAccessed(entry);
            case 4: return format.RestoreAccess(entry);
            case 5: return format.ClearDirty(entry);
            case 6 when level > 1: return format.SplitChild(host, entry, level--, random.Next(512), random.Next(2) == 0);
            default: return entry;
        }
    }

    private static void AssertNested(SpteBits bits, ulong entry)
    {
        Assert.True(Has(entry, bits.HostWritable) || !Has(entry, bits.MmuWritable));
        Assert.True(Has(entry, bits.MmuWritable) || !Has(entry, bits.Write));
        Assert.True(!bits.IsEpt || Has(entry, bits.Read) || !Has(entry, bits.Write), "W without R is a misconfiguration");
    }

    private static void ForAllLeaves(string name, Action<ISpteProbe, SpteBits, ulong> check)
    {
        ISpteProbe format = SpteProbe.Of(name);
        foreach (LeafSpec spec in SpteHosts.Leaves(Page))
        {
            check(format, SpteProbe.BitsOf(name), format.MakeLeaf(SpteHosts.Plain, spec));
        }
    }

    private static LeafSpec With(LeafSpec spec, ulong frame, int level, Rights rights) => new()
    {
        Frame = frame,
        Level = level,
        Rights = rights,
        Traits = spec.Traits,
        Key = spec.Key,
        MemoryType = spec.MemoryType,
        IgnorePat = spec.IgnorePat,
    };

    private static ulong With(ulong entry, int bit, bool wanted) => SpteBits.With(entry, bit, wanted);
}
