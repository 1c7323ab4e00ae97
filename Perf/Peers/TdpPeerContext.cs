// Perf: tables as tdp.c reads them.
using System.Runtime.InteropServices;

namespace Mmu.Perf.Peers;

/// <summary>Mirror of <c>tdp</c> in Peers/tdp.c, whose <c>context_size</c> is compared with this size when the library is loaded.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TdpPeerContext
{
    public byte* Tables;
    public ulong Mapped;
    public ulong Next;
}
