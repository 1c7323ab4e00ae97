// Perf: the result that the C and the generic walker write through a pointer.
using System.Runtime.InteropServices;

namespace Mmu.Perf.Peers;

/// <summary>Mirror of <c>result</c> in Peers/walker.c.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PeerResult
{
    public ulong Gpa;
    public ulong Entry;
    public byte* Host;
    public ulong EntryAddress;
    public uint Rights;
    public uint Level;
    public uint Status;
    public uint Error;
}
