// Shadow judge: a guest of one page with tables of its own and tables of ours, both made by hand.
using System;
using Mmu.Tests.Conformance;
using Mmu.Tests.Guest;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

/// <summary>The guest maps address 0 to its frame 5; four tables of ours map it to the host frame that stands for it.</summary>
internal sealed class HandScene : IDisposable
{
    internal const ulong RamFrame = 0x1000;
    internal const ulong ArenaFrame = 0x9000;
    internal const ulong Data = 5;
    internal const ulong Root = 1;
    internal const ulong LeafTable = 4;
    private const int RamPages = 16;
    private const ulong Usual = 0x67;

    private readonly GuardedPages _ram = new(RamPages);
    private readonly GuardedPages _arena = new(8);
    private readonly HostFrames _host = new();

    internal HandScene()
    {
        HostRange ram = new(RamFrame, RamPages, _ram.Address, HostUse.Ram, generations: 2);
        Arena = new HostRange(ArenaFrame, 8, _arena.Address, HostUse.Tables);
        _host.Add(ram);
        _host.Add(Arena);
        for (ulong table = Root; table < LeafTable; table++)
        {
            Words(_ram, table)[0] = ((table + 1) << 12) | Usual;
            Words(_arena, table)[0] = ((ArenaFrame + table + 1) << 12) | Usual;
        }

        Words(_ram, LeafTable)[0] = (Data << 12) | Usual;
        Words(_arena, LeafTable)[0] = ((RamFrame + Data) << 12) | Usual;
        Slot = new ModelSlot(0, 0, ram, readOnly: false, onDemand: false, [1, 2, 3, 4]);
        World.Add(Slot);
        Model = new FlatModel(World);
        Judge = new TranslationJudge(World, Model, _host);
        Cpu = new ModelCpu(_host, new SeededRandom(1));
        Cpu.LoadRoot((ArenaFrame + Root) << 12, OracleMode.Level4);
        Vcpu = new FlatVcpu(new OracleCpu { Cr0 = 0x8001_0001, Cr3 = Root << 12, Cr4 = 0x20, Efer = 0xD00, MaxPhyAddr = 46 });
    }

    internal GuestWorld World { get; } = new();

    internal ModelSlot Slot { get; }

    internal HostRange Arena { get; }

    internal FlatModel Model { get; }

    internal TranslationJudge Judge { get; }

    internal ModelCpu Cpu { get; }

    internal FlatVcpu Vcpu { get; }

    /// <summary>Our entry of address 0 in a table.</summary>
    internal ref ulong Ours(ulong table) => ref Words(_arena, table)[0];

    /// <summary>The guest stores to its entry of address 0 in a table.</summary>
    internal void GuestStores(ulong table, ulong value)
    {
        World.Now++;
        ulong before = Words(_ram, table)[0];
        Words(_ram, table)[0] = value;
        World.Stored(Slot, table << 12, before);
    }

    internal ulong Theirs(ulong table) => Words(_ram, table)[0];

    internal void GuestInvalidates()
    {
        World.Now++;
        Vcpu.InvalidatePage(0, World.Now);
    }

    /// <summary>One access on our tables, judged if it succeeds; true if it does.</summary>
    internal bool Access(OracleAccess access)
    {
        World.Now++;
        HardwareOutcome outcome = Cpu.Access(0, access);
        if (!outcome.Faults)
        {
            _ = Judge.JudgeReached(Vcpu, 0, access, outcome.Page.PhysicalOf(0));
        }

        return !outcome.Faults;
    }

    public void Dispose()
    {
        _ram.Dispose();
        _arena.Dispose();
    }

    private static Span<ulong> Words(GuardedPages pages, ulong page) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(pages.Bytes.Slice((int)page << 12, 4096));
}
