// Abi: adjacent pages that were written.
using System.Runtime.InteropServices;

namespace Mmu.Native.Abi;

/// <summary>Adjacent pages that were written.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiDirtyRange
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>0.</summary>
    internal uint Reserved;

    /// <summary>The first guest physical address.</summary>
    internal ulong Start;

    /// <summary>Size in bytes; a multiple of 4096.</summary>
    internal ulong Bytes;
}
