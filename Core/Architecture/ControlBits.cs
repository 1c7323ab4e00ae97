// Architecture: bit positions of CR0, CR3, CR4 and EFER that paging reads.
namespace Mmu.Architecture;

/// <summary>Bits of the control registers. Intel SDM "Control Registers", "Extended Feature Enable Register".</summary>
internal static class ControlBits
{
    internal const ulong Cr0Wp = 1UL << 16;
    internal const ulong Cr0Pg = 1UL << 31;
    internal const ulong Cr3Pcid = 0xFFF;
    internal const ulong Cr3LamU57 = 1UL << 61;
    internal const ulong Cr3LamU48 = 1UL << 62;
    internal const ulong Cr3NoFlush = 1UL << 63;
    internal const ulong Cr4Pse = 1UL << 4;
    internal const ulong Cr4Pae = 1UL << 5;
    internal const ulong Cr4Pge = 1UL << 7;
    internal const ulong Cr4La57 = 1UL << 12;
    internal const ulong Cr4Pcide = 1UL << 17;
    internal const ulong Cr4Smep = 1UL << 20;
    internal const ulong Cr4Smap = 1UL << 21;
    internal const ulong Cr4Pke = 1UL << 22;
    internal const ulong Cr4Cet = 1UL << 23;
    internal const ulong Cr4Pks = 1UL << 24;
    internal const ulong Cr4LamSup = 1UL << 28;
    internal const ulong EferLme = 1UL << 8;
    internal const ulong EferLma = 1UL << 10;
    internal const ulong EferNxe = 1UL << 11;
}
