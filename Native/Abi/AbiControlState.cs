// Abi: control registers of a vCPU.
using System.Runtime.InteropServices;

namespace Mmu.Native.Abi;

/// <summary>The registers that decide how a vCPU translates.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiControlState
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>PKRU.</summary>
    internal uint Pkru;

    /// <summary>IA32_PKRS.</summary>
    internal uint Pkrs;

    /// <summary>0.</summary>
    internal uint Reserved;

    /// <summary>CR0.</summary>
    internal ulong Cr0;

    /// <summary>CR3 as written, with PCID and LAM bits; bit 63 with CR4.PCIDE keeps translations.</summary>
    internal ulong Cr3;

    /// <summary>CR4.</summary>
    internal ulong Cr4;

    /// <summary>IA32_EFER.</summary>
    internal ulong Efer;

    /// <summary>IA32_PAT; 0 for its power-up value, 0x0007040600070406.</summary>
    internal ulong Pat;
}
