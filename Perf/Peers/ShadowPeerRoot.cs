// Perf: a root as shadow.c keeps it.
using System.Runtime.InteropServices;

namespace Mmu.Perf.Peers;

/// <summary>Mirror of <c>root</c> in Peers/shadow.c.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ShadowPeerRoot
{
    public ulong Cr3;
    public ulong Role;
    public ulong Table;
    public fixed ulong Pdpte[4];
    private readonly ulong _unused;
}
