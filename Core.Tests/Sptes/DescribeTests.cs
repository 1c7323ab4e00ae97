// Tests: entries in words.
using Mmu.Architecture;
using Mmu.Sptes;
using Xunit;

namespace Mmu.Tests.Sptes;

public sealed class DescribeTests
{
    private const LeafTraits Writable = LeafTraits.HostWritable | LeafTraits.MmuWritable | LeafTraits.Accessed;

    [Fact]
    public void LeafNamesWhatTheCpuReadsAndWhatTheMmuKeeps()
    {
        var spec = new LeafSpec
        {
            Level = 2,
            Frame = 0x20_0000,
            Rights = (Rights)15,
            Traits = Writable,
            Key = 5,
            MemoryType = MemoryType.WriteBack,
            IgnorePat = true,
        };

        Assert.Equal(
            "leaf P W U A D PS key=5 frame=0x200 HostWritable MmuWritable",
            LegacySpte.Describe(LegacySpte.MakeLeaf(SpteHosts.Plain, spec), 2));
        Assert.Equal(
            "leaf R W X type=6 IPAT PS A D XU SuppressVe frame=0x200 HostWritable MmuWritable",
            EptSpte.Describe(EptSpte.MakeLeaf(SpteHosts.Plain, spec), 2));
        Assert.Equal(
            "leaf type=6 IPAT PS D SuppressVe frame=0x200 SavedReadable HostWritable SavedExecutable MmuWritable AccessedDirtyType=1 "
            + "SavedUserExecutable",
            EptNoAdSpte.Describe(EptNoAdSpte.ClearAccessed(EptNoAdSpte.MakeLeaf(SpteHosts.Plain, spec)), 2));
    }

    [Fact]
    public void TableIsToldFromLeaf()
    {
        Assert.Equal("table P W U A frame=0x7", PaeSpte.Describe(PaeSpte.MakeNonLeaf(SpteHosts.Plain, 0x7000), 2));
        Assert.Equal("leaf P W U A frame=0x7", NptSpte.Describe(NptSpte.MakeNonLeaf(SpteHosts.Plain, 0x7000), 1));
    }

    [Fact]
    public void EntryThatMapsNothingSaysWhy()
    {
        foreach (SpteBits bits in SpteBits.All)
        {
            ISpteProbe format = SpteProbe.Of(bits.Name);
            Assert.Equal("empty", format.Describe(Spte.Empty, 1));
            Assert.Equal("frozen", format.Describe(Spte.Frozen, 1));
            Assert.Equal("not present 0x0000000000000000", format.Describe(0, 1));
        }

        Assert.Equal(
            "mmio address=0xfee00000 generation=77 rights=None",
            EptSpte.Describe(EptSpte.MakeMmio(SpteHosts.Plain, 0xFEE00, Rights.Write, 77), 1));
        Assert.Equal(
            "mmio address=0x80000fee00000 generation=77 rights=Read, Write",
            LegacySpte.Describe(LegacySpte.MakeMmio(SpteHosts.Plain, 0xFEE00, Rights.Write, 77), 1));
    }
}
