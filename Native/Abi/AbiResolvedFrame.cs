// Abi: what a VMM knows of a guest frame.
using System.Runtime.InteropServices;
using Mmu.Common;

namespace Mmu.Native.Abi;

/// <summary>What the VMM knows of a guest frame.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiResolvedFrame
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>Whether there is a frame.</summary>
    internal ResolvedKind Kind;

    /// <summary>Of PRESENT and READ_ONLY: the host frame number.</summary>
    internal ulong Frame;

    /// <summary>Of NOT_YET: what to wait for; not 0.</summary>
    internal ulong Token;

    /// <summary>log2 of the frames around it that follow each other, aligned: 0, 9 for 2 MiB, 18 for 1 GiB.</summary>
    internal uint Order;

    /// <summary>0.</summary>
    internal uint Reserved;
}
