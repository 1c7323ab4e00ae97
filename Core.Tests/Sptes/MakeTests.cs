// Tests: present entries that are made, and what is read from any entry, against the literal table of bits.
using System;
using Mmu.Architecture;
using Mmu.Sptes;
using Xunit;
using static Mmu.Tests.Sptes.SpteBits;

namespace Mmu.Tests.Sptes;

public sealed class MakeTests
{
    private const int Seed = 7031;

    public static TheoryData<string> Formats => SpteProbe.Names;

    [Theory]
    [MemberData(nameof(Formats))]
    public void LeafHasTheBitsOfTheTable(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        SpteBits bits = SpteProbe.BitsOf(name);
        SpteHost[] hosts = [SpteHosts.Plain, new SpteHost(52), new SpteHost(43, 1UL << 47), new SpteHost(36, l1tf: true)];
        foreach (SpteHost host in hosts)
        {
            foreach (LeafSpec spec in SpteHosts.Leaves(0x9_8740_0000))
            {
                Assert.Equal(SpteModel.Leaf(bits, host.EncryptionBit, spec), format.MakeLeaf(host, spec));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void LeafHasTheWholeFrameAndNothingOfItElsewhere(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        var host = new SpteHost(52);
        ulong bare = format.MakeLeaf(host, new LeafSpec { Level = 1 });
        for (int bit = 0; bit < 64; bit++)
        {
            ulong made = format.MakeLeaf(host, new LeafSpec { Level = 1, Frame = 1UL << bit });

            Assert.Equal(bare | ((1UL << bit) & SpteModel.Frame), made);
            Assert.Equal(made & SpteModel.Frame, Spte.FrameOf(host, made));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void EntryThatNamesATableAllowsEverything(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        SpteBits bits = SpteProbe.BitsOf(name);
        foreach (SpteHost host in SpteHosts.All)
        {
            ulong made = format.MakeNonLeaf(host, 0x7654_3000);

            Assert.Equal(SpteModel.NonLeaf(bits, host.EncryptionBit, 0x7654_3000), made);
            Assert.Equal(Rights.Read | Rights.Write | Rights.User | Rights.Execute, format.RightsOf(made));
            Assert.Equal(0x7654_3000UL, Spte.FrameOf(host, made));
            Assert.True(Spte.IsPresent(made));
            Assert.False(Spte.IsLeaf(made, 2));
            Assert.False(format.IsAccessTracked(made));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void EncryptionBitIsOnMemoryOnlyAndIsNoPartOfTheFrame(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        var host = new SpteHost(43, 1UL << 47);
        var spec = new LeafSpec { Level = 1, Frame = 0x1234_5000, Rights = Rights.Read, Traits = LeafTraits.Accessed };
        var device = new LeafSpec { Level = 1, Frame = 0x1234_5000, Rights = Rights.Read, Traits = LeafTraits.NoEncryption };

        Assert.True(Has(format.MakeLeaf(host, spec), 47));
        Assert.False(Has(format.MakeLeaf(host, device), 47));
        Assert.Equal(0x1234_5000UL, Spte.FrameOf(host, format.MakeLeaf(host, spec)));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void QuestionsReadTheBitsOfTheTable(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        SpteBits bits = SpteProbe.BitsOf(name);
        var random = new Random(Seed);
        for (int round = 0; round < 100_000; round++)
        {
            ulong entry = round < 64 ? 1UL << round : (ulong)random.NextInt64() | ((ulong)random.Next(2) << 63);

            Assert.Equal(Has(entry, bits.Write), format.IsWritable(entry));
            Assert.Equal(Has(entry, bits.MmuWritable), format.IsMmuWritable(entry));
            Assert.Equal(Has(entry, bits.HostWritable), format.IsHostWritable(entry));
            Assert.Equal(Has(entry, bits.Accessed), format.IsAccessed(entry));
            Assert.Equal(Has(entry, bits.Dirty), format.IsDirty(entry));
            Assert.Equal(Has(entry, bits.User), format.IsUser(entry));
            Assert.Equal(bits.IsEpt ? Has(entry, bits.Execute) : !Has(entry, bits.NoExecute), format.IsExecutable(entry));
            Assert.Equal(SpteModel.RightsOf(bits, entry), format.RightsOf(entry));
            bool tracked = bits.Tracks && Has(entry, 11) && bits.HasNoRights(entry) && !Has(entry, bits.Accessed);
            Assert.Equal(tracked, format.IsAccessTracked(entry));
            Assert.Equal(Has(entry, 11), Spte.IsPresent(entry));
            Assert.False(Spte.IsLarge(entry, 1));
            Assert.Equal(Has(entry, 7), Spte.IsLarge(entry, 2));
            Assert.True(Spte.IsLeaf(entry, 1));
            Assert.Equal(Has(entry, 7), Spte.IsLeaf(entry, 3));
        }
    }

    [Fact]
    public void PresentPaeEntriesLeaveBits62To52Clear()
    {
        const ulong Reserved = 0x7FF0_0000_0000_0000;
        foreach (LeafSpec spec in SpteHosts.Leaves(0xF_FFFF_C000_0000))
        {
            Assert.Equal(0UL, PaeSpte.MakeLeaf(new SpteHost(52), spec) & Reserved);
        }

        Assert.Equal(0UL, PaeSpte.MakeNonLeaf(new SpteHost(52), 0xF_FFFF_FFFF_F000) & Reserved);
    }

    [Fact]
    public void PaeRootEntryHasNoBitThatAPdpteReserves()
    {
        ulong root = Spte.MakePaeRoot(SpteHosts.Plain, 0x1234_5000);

        // Intel SDM "PDPTE": bits 2:1, 8:5 and 63:MAXPHYADDR are reserved; 11:9 are ignored.
        Assert.Equal(0x1234_5801UL, root);
        Assert.True(Spte.IsPresent(root));
    }

    [Fact]
    public void EmptyIsNotZeroAndSaysNothing()
    {
        Assert.Equal(0x8000_0000_0000_0000UL, Spte.Empty);
        Assert.Equal(0x8000_0000_0000_01A0UL, Spte.Frozen);
        Assert.True(Spte.IsEmpty(Spte.Empty));
        Assert.False(Spte.IsEmpty(0));
        foreach (SpteBits bits in SpteBits.All)
        {
            ISpteProbe format = SpteProbe.Of(bits.Name);
            foreach (ulong entry in (ulong[])[Spte.Empty, Spte.Frozen, 0])
            {
                Assert.False(Spte.IsPresent(entry));
                Assert.Equal(Rights.None, format.RightsOf(entry));
                Assert.Equal(0UL, entry & 7);
                Assert.Equal(0UL, entry & SpteModel.Frame);
                foreach (SpteHost host in SpteHosts.All)
                {
                    Assert.False(format.IsMmio(host, entry));
                }
            }
        }
    }
}
