// Sptes: what the host fixes about SPTEs when a virtual machine is created.
using System;
using System.Globalization;
using System.Numerics;

namespace Mmu.Sptes;

/// <summary>Facts of the host that SPTEs depend on. Immutable; every mask is computed once.</summary>
internal sealed class SpteHost
{
    private const int LowestWidth = 32;
    private const int HighestWidth = 52;

    // The bits above a displaced frame must still lie below bit 51, which marks MMIO entries of the legacy formats.
    private const int HighestL1tfWidth = 46;
    private const int L1tfBits = 5;

    /// <summary>Takes the facts.</summary>
    /// <param name="physicalAddressBits">MAXPHYADDR of the host, 32 to 52; 52 where no CPU runs on the tables.</param>
    /// <param name="encryptionBit">The C-bit as a mask within bits 51:12, or 0.</param>
    /// <param name="l1tf">True to keep what non-present entries name out of the cache: Intel "L1 Terminal Fault".</param>
    /// <exception cref="ArgumentOutOfRangeException">A fact is outside its limits, which the message names.</exception>
    public SpteHost(int physicalAddressBits, ulong encryptionBit = 0, bool l1tf = false)
    {
        if (physicalAddressBits is < LowestWidth or > HighestWidth)
        {
            throw Refused(nameof(physicalAddressBits), physicalAddressBits, "MAXPHYADDR is 32 to 52");
        }

        if (encryptionBit != 0 && (!BitOperations.IsPow2(encryptionBit) || (encryptionBit & Spte.FrameMask) == 0))
        {
            throw Refused(nameof(encryptionBit), encryptionBit, "the encryption bit is one of bits 51:12");
        }

        if (l1tf && physicalAddressBits > HighestL1tfWidth)
        {
            throw Refused(nameof(l1tf), physicalAddressBits, "the L1TF option needs a MAXPHYADDR of at most 46");
        }

        if (l1tf && encryptionBit != 0)
        {
            throw Refused(nameof(l1tf), encryptionBit, "no CPU has both L1TF and an encryption bit");
        }

        PhysicalAddressBits = physicalAddressBits;
        EncryptionBit = encryptionBit;
        L1tf = l1tf;
        AddressMask = Below(physicalAddressBits) & Spte.FrameMask & ~encryptionBit;
        FrameMask = Spte.FrameMask & ~encryptionBit;
        MmioMark = ReservedBits(physicalAddressBits, encryptionBit);
        L1tfMask = l1tf ? Below(physicalAddressBits) & ~Below(physicalAddressBits - L1tfBits) : 0;
    }

    /// <summary>MAXPHYADDR.</summary>
    public int PhysicalAddressBits { get; }

    /// <summary>The C-bit as a mask, or 0.</summary>
    public ulong EncryptionBit { get; }

    /// <summary>True if MMIO entries keep the top of the cacheable address space set.</summary>
    public bool L1tf { get; }

    /// <summary>True if an address bit is left that the CPU takes for reserved, by which legacy entries can mark MMIO.</summary>
    public bool MmioCaching => MmioMark != 0;

    /// <summary>Address bits of a page that the host can have: those of a frame below MAXPHYADDR.</summary>
    public ulong AddressMask { get; }

    /// <summary>Frame bits of an SPTE: bits 51:12 without the encryption bit.</summary>
    public ulong FrameMask { get; }

    /// <summary>Reserved address bits that mark MMIO in the legacy formats; 0 if there are none.</summary>
    public ulong MmioMark { get; }

    /// <summary>The address bits that the L1TF option sets in MMIO entries; 0 without it.</summary>
    public ulong L1tfMask { get; }

    /// <summary>The frame field of an MMIO entry: the guest physical address, with what the L1TF option displaces moved up.</summary>
    /// <remarks>The address is inside <see cref="AddressMask"/>.</remarks>
#if MMU_FAULT_55
    public ulong HideMmioAddress(ulong gpa) => gpa | L1tfMask;
#else
    public ulong HideMmioAddress(ulong gpa) => gpa | L1tfMask | ((gpa & L1tfMask) << L1tfBits);
#endif

    /// <summary>The guest physical address that <see cref="HideMmioAddress"/> was given.</summary>
    public ulong FindMmioAddress(ulong spte) => (spte & AddressMask & ~L1tfMask) | ((spte >> L1tfBits) & L1tfMask);

    // With an encryption bit the CPU's own address is narrower, and all that is left above it marks: AMD APM "Secure Memory Encryption".
    private static ulong ReservedBits(int physicalAddressBits, ulong encryptionBit)
    {
        if (encryptionBit == 0)
        {
            return physicalAddressBits < HighestWidth ? 1UL << (HighestWidth - 1) : 0;
        }

        int first = encryptionBit == 1UL << physicalAddressBits ? physicalAddressBits + 1 : physicalAddressBits;
        return Below(HighestWidth) & ~Below(first);
    }

    private static ulong Below(int bit) => (1UL << bit) - 1;

    private static ArgumentOutOfRangeException Refused(string argument, object value, string limit) =>
        new(argument, string.Create(CultureInfo.InvariantCulture, $"{argument}: {limit}; got {value}."));
}
