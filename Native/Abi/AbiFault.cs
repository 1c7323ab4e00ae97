// Abi: a page fault that a processor raised.
using System.Runtime.InteropServices;
using Mmu.Architecture;

namespace Mmu.Native.Abi;

/// <summary>A page fault that a processor raised while it ran on our tables.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiFault
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>The access, with the privilege and EFLAGS.AC that it was made with.</summary>
    internal AccessBits Access;

    /// <summary>The linear address: CR2.</summary>
    internal ulong Address;

    /// <summary>The error code of the fault.</summary>
    internal PageFaultCode ErrorCode;

    /// <summary>0.</summary>
    internal uint Reserved;
}
