// Tests: what must follow a replacement, and which entries may change meanwhile.
using System.Collections.Generic;
using Mmu.Sptes;
using Xunit;
using static Mmu.Tests.Sptes.SpteBits;

namespace Mmu.Tests.Sptes;

public sealed class CompareTests
{
    public static TheoryData<string> Formats => SpteProbe.Names;

    [Theory]
    [MemberData(nameof(Formats))]
    public void ConsequencesAreThoseOfTheTruthTable(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        SpteBits bits = SpteProbe.BitsOf(name);
        List<ulong> entries = Entries(bits);
        entries.AddRange([0, Spte.Empty, Spte.Frozen, format.MakeMmio(SpteHosts.Plain, 0x1000, 0, 3)]);
        entries.Add(format.MakeNonLeaf(SpteHosts.Plain, 0x1000));
        foreach (ulong old in entries)
        {
            foreach (ulong @new in entries)
            {
                Assert.Equal(SpteModel.Compare(bits, old, @new), format.Compare(old, @new));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void WriteProtectionOfAPageThatIsReadOnlyByNowStillFlushes(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        ulong leaf = Leaf(format, LeafTraits.HostWritable | LeafTraits.MmuWritable | LeafTraits.Accessed);
        ulong logged = format.WriteProtect(leaf, keepMmuWritable: true);
        Assert.False(format.IsWritable(logged));

        // Another CPU may have had W back and lost it again, with the flush still to come.
        SpteConsequences consequences = format.Compare(logged, format.WriteProtect(logged, keepMmuWritable: false));

        Assert.Equal(SpteConsequences.Flush, consequences);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void MappingWhatWasNotPresentOwesNothing(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        ulong leaf = Leaf(format, LeafTraits.HostWritable | LeafTraits.MmuWritable | LeafTraits.Accessed);

        Assert.Equal(SpteConsequences.None, format.Compare(Spte.Empty, leaf));
        Assert.Equal(SpteConsequences.None, format.Compare(Spte.Frozen, leaf));
        Assert.Equal(SpteConsequences.None, format.Compare(format.MakeMmio(SpteHosts.Plain, 5, 0, 0), leaf));
        Assert.Equal(SpteConsequences.None, format.Compare(leaf, leaf));
        Assert.Equal(
            SpteConsequences.Flush | SpteConsequences.AccessedLost | SpteConsequences.DirtyLost, format.Compare(leaf, Spte.Empty));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void EntriesThatOthersMayChangeNeedAtomicStores(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        SpteBits bits = SpteProbe.BitsOf(name);
        foreach (ulong entry in Entries(bits))
        {
            bool restorable = !Has(entry, bits.Write) && Has(entry, bits.MmuWritable);
            bool dirtying = Has(entry, bits.Write) && Has(entry, bits.HostWritable) && !Has(entry, bits.Dirty);
            Assert.Equal(Has(entry, 11) && (bits.Tracks || restorable || dirtying), format.NeedsAtomic(entry));
        }

        Assert.False(format.NeedsAtomic(Spte.Empty));
        Assert.False(format.NeedsAtomic(Spte.Frozen));
        Assert.False(format.NeedsAtomic(format.MakeMmio(SpteHosts.Plain, 5, 0, 0)));
        Assert.Equal(bits.Tracks, format.NeedsAtomic(format.MakeNonLeaf(SpteHosts.Plain, 0x1000)));
        Assert.Equal(bits.Tracks, format.NeedsAtomic(Leaf(format, LeafTraits.HostWritable | LeafTraits.MmuWritable | LeafTraits.Accessed)));
    }

    private static ulong Leaf(ISpteProbe format, LeafTraits traits) => format.MakeLeaf(
        SpteHosts.Plain, new LeafSpec { Level = 1, Frame = 0x1000, Rights = (Architecture.Rights)15, Traits = traits });

    // All combinations of what the rules look at, over two frames, and the bits that the rules do not look at.
    private static List<ulong> Entries(SpteBits bits)
    {
        int[] places = [11, bits.Write, bits.MmuWritable, bits.HostWritable, bits.Accessed, bits.Dirty, 12, 7];
        var entries = new List<ulong>();
        for (int combination = 0; combination < 1 << places.Length; combination++)
        {
            ulong entry = 1UL << 40;
            for (int i = 0; i < places.Length; i++)
            {
                entry = With(entry, places[i], (combination & (1 << i)) != 0);
            }

            entries.Add(entry);
        }

        return entries;
    }
}
