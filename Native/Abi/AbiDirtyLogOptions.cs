// Abi: how a dirty log works.
using System.Runtime.InteropServices;

namespace Mmu.Native.Abi;

/// <summary>How a dirty log works. Zero is the default: a bitmap that starts empty.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiDirtyLogOptions
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>What is on.</summary>
    internal DirtyLogFlags Flags;
}
