// Architecture: what reserved bits depend on.
namespace Mmu.Architecture;

/// <summary>The facts that decide which bits of an entry are reserved.</summary>
internal readonly record struct ReservedInputs
{
    /// <summary>MAXPHYADDR, 32 to 52.</summary>
    internal int PhysicalAddressBits { get; init; }

    /// <summary>AMD's rules instead of Intel's.</summary>
    internal bool Amd { get; init; }

    /// <summary>EFER.NXE is 0.</summary>
    internal bool NoExecuteOff { get; init; }

    /// <summary>1-GiB pages are not supported.</summary>
    internal bool No1GPages { get; init; }

    /// <summary>2-MiB pages are not supported (EPT).</summary>
    internal bool No2MPages { get; init; }

    /// <summary>PSE-36 is supported.</summary>
    internal bool Pse36 { get; init; }

    /// <summary>Bits 21:13 of a 4-MiB leaf that carry no address bit: M−20:13 are address bits M−1:32, M = min(MAXPHYADDR, 40).</summary>
    internal ulong BeyondPse36
    {
        get
        {
#if MMU_FAULT_7
            int addressBits = !Pse36 ? 0 : 8;
#else
            int addressBits = !Pse36 ? 0 : (PhysicalAddressBits < 40 ? PhysicalAddressBits : 40) - 32;
#endif
            return (ulong.MaxValue << (13 + addressBits)) & 0x3F_E000;
        }
    }
}
