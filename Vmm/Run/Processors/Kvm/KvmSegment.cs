// Vmm.Run: struct kvm_segment.
using System.Runtime.InteropServices;

namespace Mmu.Vmm.Run.Processors.Kvm;

/// <summary>A segment register.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmSegment
{
    public ulong Base;
    public uint Limit;
    public ushort Selector;
    public byte Type;
    public byte Present;
    public byte Dpl;
    public byte Db;
    public byte S;
    public byte L;
    public byte G;
    public byte Avl;
    public byte Unusable;
    public byte Padding;

    internal static KvmSegment Code(ushort selector, int bits) => Flat(selector, 11) with { L = (byte)(bits == 64 ? 1 : 0), Db = (byte)(bits == 32 ? 1 : 0) };

    internal static KvmSegment Data(ushort selector) => Flat(selector, 3) with { Db = 1 };

    private static KvmSegment Flat(ushort selector, byte type) => new()
    {
        Limit = uint.MaxValue,
        Selector = selector,
        Type = type,
        Present = 1,
        Dpl = (byte)(selector & 3),
        S = 1,
        G = 1,
    };
}
