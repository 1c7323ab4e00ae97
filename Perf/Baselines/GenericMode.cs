// Perf: a paging mode as run-time data, what the generic walker is steered by.
using System.Runtime.InteropServices;

namespace Mmu.Perf.Baselines;

/// <summary>Everything the generic walker has to know of a mode.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GenericMode
{
    public int TopLevel;
    public int IndexBits;
    public int TopShift;
    public uint IndexMask;
    public int EntryShift;
    public int CanonicalShift;
    public int LargeLevels;
    public bool HasPdpteRegisters;
    public bool HasPse36;
    public ulong FrameMask;

    public static GenericMode Of(ModeShape mode) => new()
    {
        TopLevel = mode.TopInMemory,
        IndexBits = mode.IndexBits,
        TopShift = mode.ShiftAt(mode.TopInMemory),
        IndexMask = (1u << mode.IndexBits) - 1,
        EntryShift = mode.EntryBytes == 8 ? 3 : 2,
        CanonicalShift = mode.IsLong ? 64 - mode.AddressBits : 0,
        LargeLevels = mode.IsLong ? 0b1100 : 0b100,
        HasPdpteRegisters = mode.HasPdpteRegisters,
        HasPse36 = mode.EntryBytes == 4,
        FrameMask = mode.EntryBytes == 8 ? 0x000f_ffff_ffff_f000ul : 0xffff_f000,
    };
}
