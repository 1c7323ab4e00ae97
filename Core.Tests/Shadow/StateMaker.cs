// Shadow judge: control states of a stream's guest.
using Mmu.Architecture;
using Mmu.Tests.Conformance;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

internal static class StateMaker
{
    internal const ulong Cr4Pge = 1UL << 7;
    internal const ulong Cr4Pcide = 1UL << 17;
    internal const ulong Cr4Smep = 1UL << 20;
    internal const ulong Cr4Smap = 1UL << 21;
    internal const ulong Cr4Pke = 1UL << 22;
    internal const ulong Cr4Pks = 1UL << 24;
    internal const ulong Cr0Wp = 1UL << 16;
    internal const ulong EferNxe = 1UL << 11;
    internal const ulong KeepTranslations = 1UL << 63;
    private const ulong Cr0Paging = 0x8000_0001;
    private const ulong Cr4Pse = 1UL << 4;
    private const ulong Cr4Pae = 1UL << 5;
    private const ulong Cr4La57 = 1UL << 12;
    private const ulong LongMode = 0x500;

    /// <summary>A state of a mode, with a random root and random switches.</summary>
    internal static ControlState Make(SeededRandom random, OracleMode mode)
    {
        ulong switches = random.NextBits() & random.NextBits() & (Cr4Pge | Cr4Smep | Cr4Smap | Cr4Pke | Cr4Pks);
        ulong cr0 = Cr0Paging | (random.Next(4) == 0 ? 0 : Cr0Wp);
        ulong nx = random.Next(4) == 0 ? 0 : EferNxe;
        ControlState state = mode switch
        {
            OracleMode.Off => new ControlState { Cr0 = 1 },
            OracleMode.Bits32 => new ControlState { Cr0 = cr0, Cr4 = switches | (random.Next(4) == 0 ? 0 : Cr4Pse) },
            OracleMode.Pae => new ControlState { Cr0 = cr0, Cr4 = switches | Cr4Pae, Efer = nx },
            OracleMode.Level4 => new ControlState { Cr0 = cr0, Cr4 = switches | Cr4Pae | (random.Next(2) == 0 ? Cr4Pcide : 0), Efer = nx | LongMode },
            _ => new ControlState { Cr0 = cr0, Cr4 = switches | Cr4Pae | Cr4La57 | (random.Next(2) == 0 ? Cr4Pcide : 0), Efer = nx | LongMode },
        };
        return state with { Cr3 = Root(random, mode, state.Cr4) };
    }

    /// <summary>A value of CR3 for a mode; mostly a table that was made to be a root.</summary>
    internal static ulong Root(SeededRandom random, OracleMode mode, ulong cr4)
    {
        if (mode == OracleMode.Pae)
        {
            return (EntryMaker.Pick(random, GuestLayout.PaeRoots) << 12) | (random.Next(6) == 0 ? 32UL : 0);
        }

        int level = mode switch { OracleMode.Level5 => 5, OracleMode.Level4 => 4, _ => 2 };
        int roll = random.Next(40);
        ulong frame = roll == 0 ? EntryMaker.Pick(random, GuestLayout.Outside)
            : roll < 4 ? EntryMaker.Pick(random, GuestLayout.AllTables)
            : GuestLayout.Tables[level][random.Next(2)];
        return (frame << 12) | ((cr4 & Cr4Pcide) != 0 ? (ulong)random.Next(3) : 0);
    }

    /// <summary>The same state as the literal walker has it.</summary>
    internal static OracleCpu ToOracle(in ControlState state, CpuFeatures features) => new()
    {
        Vendor = features.Vendor == CpuVendor.Amd ? OracleVendor.Amd : OracleVendor.Intel,
        MaxPhyAddr = features.PhysicalAddressBits,
        Has1G = features.Pages1G,
        HasPse36 = features.Pse36,
        Cr0 = state.Cr0,
        Cr3 = state.Cr3 & ~KeepTranslations,
        Cr4 = state.Cr4,
        Efer = state.Efer,
        Pat = state.Pat,
        Pkru = state.Pkru,
        Pkrs = state.Pkrs,
    };
}
