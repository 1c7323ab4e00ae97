// Walk: linear-address masking.
using System.Runtime.InteropServices;
using Mmu.Architecture;

namespace Mmu.Walk;

/// <summary>Which bits linear-address masking ignores, for each half of the address space. Intel SDM "Linear-Address Masking".</summary>
/// <param name="User">Bits ignored in an address whose bit 63 is 0.</param>
/// <param name="Supervisor">Bits ignored in an address whose bit 63 is 1.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LinearAddressMask(ulong User, ulong Supervisor)
{
    private const ulong Bits62To48 = 0x7FFF_0000_0000_0000;
    private const ulong Bits62To57 = 0x7E00_0000_0000_0000;

    /// <summary>The masks that CR3 and CR4 select; U57 goes before U48.</summary>
    internal static LinearAddressMask From(in ControlState state, CpuFeatures features)
    {
        if (!features.Lam)
        {
            return default;
        }

#if MMU_FAULT_15
        ulong user = (state.Cr3 & ControlBits.Cr3LamU48) != 0 ? Bits62To48 : (state.Cr3 & ControlBits.Cr3LamU57) != 0 ? Bits62To57 : 0;
#else
        ulong user = (state.Cr3 & ControlBits.Cr3LamU57) != 0 ? Bits62To57 : (state.Cr3 & ControlBits.Cr3LamU48) != 0 ? Bits62To48 : 0;
#endif
        ulong supervisor = (state.Cr4 & ControlBits.Cr4LamSup) == 0 ? 0 : (state.Cr4 & ControlBits.Cr4La57) != 0 ? Bits62To57 : Bits62To48;
        return new LinearAddressMask(user, supervisor);
    }

    /// <summary>
    /// True if masking may concern canonical addresses of a mode with this many levels: LAM48 is narrower than 5-level paging.
    /// </summary>
    internal bool ConcernsCanonical(int levels) => levels == 5 && User == Bits62To48;

    /// <summary>True unless the access is a fetch or implicit.</summary>
#if MMU_FAULT_16
    internal static bool Concerns(uint access) => (access & (uint)AccessFlags.Implicit) == 0;
#else
    internal static bool Concerns(uint access) => (access & 3) != (uint)AccessKind.Fetch && (access & (uint)AccessFlags.Implicit) == 0;
#endif

    /// <summary>The address without its tag; unchanged for accesses that masking does not concern.</summary>
    internal ulong Untag(ulong gva, uint access)
    {
        if (!Concerns(access))
        {
            return gva;
        }

        return (long)gva < 0 ? gva | Supervisor : gva & ~User;
    }
}
