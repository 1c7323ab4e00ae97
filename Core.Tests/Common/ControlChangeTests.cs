// Which change of control registers asks what of the Shadow MMU.
using Mmu.Architecture;
using Mmu.Common;
using Xunit;

namespace Mmu.Tests.Common;

public sealed class ControlChangeTests
{
    private const string OtherRole = "SwitchRoot, FlushCurrent, Sync";
    private const ulong Pg = 1UL << 31;
    private const ulong Wp = 1UL << 16;
    private const ulong Pse = 1UL << 4;
    private const ulong Pae = 1UL << 5;
    private const ulong Pge = 1UL << 7;
    private const ulong La57 = 1UL << 12;
    private const ulong Pcide = 1UL << 17;
    private const ulong Smep = 1UL << 20;
    private const ulong Smap = 1UL << 21;
    private const ulong Pke = 1UL << 22;
    private const ulong Pks = 1UL << 24;
    private const ulong LamSup = 1UL << 28;
    private const ulong Nxe = 1UL << 11;
    private const ulong Lma = 1UL << 10;
    private const ulong Keep = 1UL << 63;

    [Theory]
    [InlineData("WP without paging", 0, Wp, "None")]
    [InlineData("WP set", Pg, Pg | Wp, OtherRole)]
    [InlineData("WP cleared", Pg | Wp, Pg, OtherRole)]
    [InlineData("PG set", 0, Pg, OtherRole)]
    [InlineData("PG cleared", Pg, 0, "SwitchRoot, FlushGuest, FlushCurrent, Sync")]
    [InlineData("CD, NW and the rest", Pg, Pg | (3UL << 29) | 0x3E, "None")]
    public void ChangesOfCr0(string name, ulong from, ulong to, string expected) =>
        Check(name, new ControlState { Cr0 = from }, new ControlState { Cr0 = to }, expected);

    [Theory]
    [InlineData("PSE", 0, Pse, OtherRole)]
    [InlineData("PAE set", 0, Pae, OtherRole)]
    [InlineData("PAE cleared", Pae, 0, OtherRole)]
    [InlineData("LA57", Pae, Pae | La57, OtherRole)]
    [InlineData("SMEP set", Pae, Pae | Smep, OtherRole)]
    [InlineData("SMEP cleared", Pae | Smep, Pae, OtherRole)]
    [InlineData("SMAP", Pae, Pae | Smap, OtherRole)]
    [InlineData("PKE", Pae, Pae | Pke, OtherRole)]
    [InlineData("PKS", Pae, Pae | Pks, OtherRole)]
    [InlineData("PGE set", Pae, Pae | Pge, "FlushGuest")]
    [InlineData("PGE cleared", Pae | Pge, Pae, "FlushGuest")]
    [InlineData("PCIDE set", Pae, Pae | Pcide, "UnloadAll")]
    [InlineData("PCIDE cleared", Pae | Pcide, Pae, "FlushGuest")]
    [InlineData("PCIDE set with PGE", Pae, Pae | Pcide | Pge, "UnloadAll, FlushGuest")]
    [InlineData("LAM_SUP", Pae, Pae | LamSup, "None")]
    [InlineData("OSFXSR and the rest", Pae, Pae | 0x600, "None")]
    public void ChangesOfCr4(string name, ulong from, ulong to, string expected) => Check(
        name, new ControlState { Cr0 = Pg, Cr4 = from, Efer = Lma }, new ControlState { Cr0 = Pg, Cr4 = to, Efer = Lma }, expected);

    [Theory]
    [InlineData("NXE", 0, Nxe, OtherRole)]
    [InlineData("LMA", 0, Lma, OtherRole)]
    [InlineData("LME alone, SCE", 0, 0x101, "None")]
    public void ChangesOfEfer(string name, ulong from, ulong to, string expected) => Check(
        name, new ControlState { Cr0 = Pg, Cr4 = Pae, Efer = from }, new ControlState { Cr0 = Pg, Cr4 = Pae, Efer = to }, expected);

    [Theory]
    [InlineData("another, no PCIDs", 0, 0x1000, 0x2000, "SwitchRoot, FlushCurrent, Sync")]
    [InlineData("the same, no PCIDs", 0, 0x1000, 0x1000, "FlushCurrent, Sync")]
    [InlineData("another PCID", Pcide, 0x1001, 0x2002, "SwitchRoot, FlushCurrent, Sync, FreePcid")]
    [InlineData("another PCID, keeping", Pcide, 0x1001, 0x2002 | Keep, "SwitchRoot")]
    [InlineData("the same", Pcide, 0x1001, 0x1001, "FlushCurrent, Sync, FreePcid")]
    [InlineData("the same, keeping", Pcide, 0x1001, 0x1001 | Keep, "None")]
    [InlineData("the bit without PCIDs", 0, 0x1000, 0x2000 | Keep, "SwitchRoot, FlushCurrent, Sync")]
    public void LoadsOfCr3(string name, ulong cr4, ulong from, ulong to, string expected)
    {
        ControlState state = new() { Cr0 = Pg, Cr4 = Pae | cr4, Efer = Lma };
        Assert.True(expected == ControlChange.OfCr3(state, from, to).ToString(), name);
        Assert.Equal(ControlActions.None, ControlChange.OfCr3(state with { Cr0 = 0 }, from, to));
        string whole = (from ^ to) << 1 == 0 ? "None" : expected;
        Check(name, state with { Cr3 = from }, state with { Cr3 = to }, whole);
    }

    private static void Check(string name, in ControlState from, in ControlState to, string expected)
    {
        string actual = ControlChange.Of(from, to).ToString();
        Assert.True(expected == actual, $"{name}: {actual}");
        Assert.Equal(ControlActions.None, ControlChange.Of(to, to));
    }
}
