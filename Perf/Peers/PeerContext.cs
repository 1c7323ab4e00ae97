// Perf: control state and memory of one working set, as the C and the generic walker read them.
using System.Runtime.InteropServices;

namespace Mmu.Perf.Peers;

/// <summary>
/// Mirror of <c>ctx</c> in Peers/walker.c, whose <c>context_size</c> is compared with this size when the library is loaded.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PeerContext
{
    public const int SlotCount = 4;

    public byte* Memory;
    public ulong Limit;
    public ulong Root;
    public fixed ulong Pdpte[4];
    public fixed ulong ReservedTable[6];
    public fixed ulong ReservedLeaf[6];
    public ulong ReservedAny;
    public fixed byte Refuse[16];
    public uint Pkru;
    public uint Pkrs;
    public uint Keys;
    private readonly uint _padding;
    public ulong LastSlot;
    public PeerSlot Slot0;
    public PeerSlot Slot1;
    public PeerSlot Slot2;
    public PeerSlot Slot3;
}
