// Abi: where the tables lie.
using System.Runtime.InteropServices;

namespace Mmu.Native.Abi;

/// <summary>The memory that a processor walks: what a VMM maps into that processor's address space, read and write.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiTableMemory
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>0.</summary>
    internal uint Reserved;

    /// <summary>Its first byte in this process.</summary>
    internal ulong HostAddress;

    /// <summary>Its size in bytes.</summary>
    internal ulong Bytes;

    /// <summary>The host frame at which the processor must find it.</summary>
    internal ulong FirstFrame;
}
