// Abi: a vCPU, as the C side names it.
using System.Runtime.InteropServices;

namespace Mmu.Native.Abi;

/// <summary>A vCPU. Not a pointer to anything: a number that every function checks.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct VcpuHandle(ulong value)
{
    internal readonly ulong Value = value;
}
