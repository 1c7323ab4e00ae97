// Perf: guest memory and shadow tables as shadow.c reads them.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mmu.Perf.Peers;

/// <summary>
/// Mirror of <c>shadow</c> in Peers/shadow.c, whose <c>context_size</c> is compared with this size when the library is loaded.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ShadowPeerContext
{
    /// <summary>As many heads as shadow.c has hash chains.</summary>
    public const int Buckets = 1 << 14;

    /// <summary>Bytes of a header of a shadow table.</summary>
    public const int HeaderBytes = 24;

    public byte* Memory;
    public byte* Tables;
    public uint* Rmap;
    public uint* Translations;
    public ulong* Dirty;
    public uint* BucketHeads;
    public byte* Headers;
    public ulong Guest;
    public fixed ulong Pdpte[4];
    public fixed ulong Shadow[4];
    public RootsUsed Roots;
    public ulong Mapped;
    public ulong Next;

    /// <summary>The roots used last.</summary>
    [InlineArray(4)]
    internal struct RootsUsed
    {
        private ShadowPeerRoot _first;
    }
}
