// Abi: a snapshot, as the C side names it.
using System.Runtime.InteropServices;

namespace Mmu.Native.Abi;

/// <summary>Guest memory at one moment. Not a pointer to anything: a number that every function checks.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct SnapshotHandle(ulong value)
{
    internal readonly ulong Value = value;
}
