// Perf: the floor in C#: the same dependent loads and nothing else, levels unrolled.
using System.Runtime.CompilerServices;
using Mmu.Perf.Peers;

namespace Mmu.Perf.Baselines;

/// <summary>Chases the pointers of a walk without a check.</summary>
internal sealed unsafe class FloorCompetitor(WorkingSet set, bool dependent) : Competitor(CSharpFloor)
{
    private const ulong Frame = 0x000f_ffff_ffff_f000;

    private readonly byte* _memory = set.Memory;
    private readonly PeerContext* _context = set.Context;
    private readonly int _levels = set.Mode.Levels;

    // The mode is chosen once a chunk, and the loops are alike: a branch on it inside would be part of the floor.
    public override ulong Run(ulong* gvas, int count, ulong zero)
    {
        ulong mask = dependent ? zero : 0;
        return _levels switch
        {
            2 => dependent ? Run2(gvas, count, mask) : Run2(gvas, count),
            3 => dependent ? Run3(gvas, count, mask) : Run3(gvas, count),
            4 => dependent ? Run4(gvas, count, mask) : Run4(gvas, count),
            _ => dependent ? Run5(gvas, count, mask) : Run5(gvas, count),
        };
    }

    // Row first (known early), then the table's address (known late): the latency per level is one AND and one load.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Next(byte* memory, ulong entry, ulong gva, int shift)
    {
        byte* row = memory + ((gva >> (shift - 3)) & 0xff8);
        return *(ulong*)(row + (entry & Frame));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Chase2(byte* memory, ulong root, ulong gva)
    {
        byte* row = memory + ((gva >> 20) & 0xffc);
        uint entry = *(uint*)(row + root);
        row = memory + ((gva >> 10) & 0xffc);
        return (*(uint*)(row + (entry & 0xffff_f000)) & 0xffff_f000) | (gva & 0xfff);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ChaseDirectory(byte* memory, ulong directory, ulong gva)
    {
        ulong entry = Next(memory, directory, gva, 21);
        return (Next(memory, entry, gva, 12) & Frame) | (gva & 0xfff);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Chase4(byte* memory, ulong root, ulong gva) => ChaseDirectory(memory, Next(memory, Next(memory, root, gva, 39), gva, 30), gva);

    private ulong Run2(ulong* gvas, int count, ulong zero)
    {
        byte* memory = _memory;
        ulong root = _context->Root, sum = 0, gpa = 0;
        for (int i = 0; i < count; i++)
        {
            gpa = Chase2(memory, root, gvas[i] ^ (gpa & zero));
            sum += gpa;
        }

        return sum;
    }

    private ulong Run2(ulong* gvas, int count)
    {
        byte* memory = _memory;
        ulong root = _context->Root, sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += Chase2(memory, root, gvas[i]);
        }

        return sum;
    }

    private ulong Run3(ulong* gvas, int count, ulong zero)
    {
        byte* memory = _memory;
        PeerContext* context = _context;
        ulong sum = 0, gpa = 0;
        for (int i = 0; i < count; i++)
        {
            ulong gva = gvas[i] ^ (gpa & zero);
            gpa = ChaseDirectory(memory, context->Pdpte[(gva >> 30) & 3], gva);
            sum += gpa;
        }

        return sum;
    }

    private ulong Run3(ulong* gvas, int count)
    {
        byte* memory = _memory;
        PeerContext* context = _context;
        ulong sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += ChaseDirectory(memory, context->Pdpte[(gvas[i] >> 30) & 3], gvas[i]);
        }

        return sum;
    }

    private ulong Run4(ulong* gvas, int count, ulong zero)
    {
        byte* memory = _memory;
        ulong root = _context->Root, sum = 0, gpa = 0;
        for (int i = 0; i < count; i++)
        {
            gpa = Chase4(memory, root, gvas[i] ^ (gpa & zero));
            sum += gpa;
        }

        return sum;
    }

    private ulong Run4(ulong* gvas, int count)
    {
        byte* memory = _memory;
        ulong root = _context->Root, sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += Chase4(memory, root, gvas[i]);
        }

        return sum;
    }

    private ulong Run5(ulong* gvas, int count, ulong zero)
    {
        byte* memory = _memory;
        ulong root = _context->Root, sum = 0, gpa = 0;
        for (int i = 0; i < count; i++)
        {
            ulong gva = gvas[i] ^ (gpa & zero);
            gpa = Chase4(memory, Next(memory, root, gva, 48), gva);
            sum += gpa;
        }

        return sum;
    }

    private ulong Run5(ulong* gvas, int count)
    {
        byte* memory = _memory;
        ulong root = _context->Root, sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += Chase4(memory, Next(memory, root, gvas[i], 48), gvas[i]);
        }

        return sum;
    }
}
