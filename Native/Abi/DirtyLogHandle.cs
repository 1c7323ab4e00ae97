// Abi: a dirty log, as the C side names it.
using System.Runtime.InteropServices;

namespace Mmu.Native.Abi;

/// <summary>A dirty log: one consumer of the pages written in a slot. Not a pointer to anything: a number that every function checks.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct DirtyLogHandle(ulong value)
{
    internal readonly ulong Value = value;
}
