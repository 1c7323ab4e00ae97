// TDP judge: tables made by hand, for tests of the judge itself.
using System;
using System.Runtime.CompilerServices;
using Mmu.Tests.Conformance;
using Mmu.Tests.Guest;
using Mmu.Tests.Judge;

namespace Mmu.Tests.Tdp;

/// <summary>One table of each level, of which the first entry names the next; the last maps frame <see cref="Frame"/>.</summary>
internal sealed unsafe class HandTables : IDisposable
{
    internal const ulong Frame = 0x5000;
    internal const ulong Root = FirstTable << 12;
    private const ulong FirstTable = 0x100;
    private const int MaxPhyAddr = 46;

    private readonly GuardedPages _memory;
    private readonly int _levels;

    internal HandTables(EntryFormat format, int levels = 4, bool executeOnly = false)
    {
        _levels = levels;
        _memory = new GuardedPages(levels);
        HostFrames host = new();
        host.Add(new HostRange(FirstTable, levels, _memory.Address, HostUse.Tables));
        Walker = new GpaWalker(format, levels, MaxPhyAddr, host, executeOnly);
        Cpu = new GpaCpu(Walker, new SeededRandom(1));
        Cpu.LoadRoot(Root);
        for (int level = levels; level > 1; level--)
        {
            Entry(level) = ((FirstTable + (ulong)(levels - level) + 1) << 12) | 7;
        }

        Entry(1) = (Frame << 12) | (format == EntryFormat.Npt ? 7UL : 0x37);
    }

    internal GpaWalker Walker { get; }

    internal GpaCpu Cpu { get; }

    /// <summary>The first entry of the table of a level.</summary>
    internal ref ulong Entry(int level) => ref Unsafe.AsRef<ulong>((void*)(_memory.Address + ((nuint)(_levels - level) << 12)));

    public void Dispose() => _memory.Dispose();
}
