// Abi: a VM, as the C side names it.
using System.Runtime.InteropServices;

namespace Mmu.Native.Abi;

/// <summary>A VM. Not a pointer to anything: a number that every function checks.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct VmHandle(ulong value)
{
    internal readonly ulong Value = value;
}
