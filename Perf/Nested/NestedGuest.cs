// Perf: a guest behind nested page tables.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Walk;

namespace Mmu.Perf.Nested;

/// <summary>64 pages of a guest of any mode, all of whose memory lies behind four levels of nested page tables, each page at its own address.</summary>
internal sealed unsafe class NestedGuest : IDisposable
{
    public const int Pages = 64;

    /// <summary>Size of the guest's memory.</summary>
    public const ulong Bytes = 16 * MiB;

    private const ulong PageBytes = 4096;
    private const ulong MiB = 1 << 20;
    private const ulong Data = 8 * MiB;
    private const ulong HostCr4 = 0x20; // PAE
    private const ulong HostEfer = 0xd00; // LME, LMA, NXE

    private readonly GuestRegion _memory = new(Bytes);

    public NestedGuest(ModeShape mode)
    {
        TableBuilder tables = new(mode, _memory.Memory, MiB, 2 * MiB);
        TableBuilder nested = new(ModeShape.Long4, _memory.Memory, 4 * MiB, 6 * MiB);
        Start = mode.IsLong ? 0x7f12_4000_0000 : 0x4000_0000ul;
        for (ulong page = 0; page < Pages; page++)
        {
            _ = tables.Map(Start + (page * PageBytes), Data + (page * PageBytes));
        }

        for (ulong gpa = 0; gpa < Bytes; gpa += PageBytes)
        {
            _ = nested.Map(gpa, gpa);
        }

        GuestMemory memory = new();
        memory.AddSlot(new MemorySlot(new Gpa(0), Bytes, (nuint)_memory.Memory));
        Walker = new GuestWalker(memory, new CpuFeatures { PhysicalAddressBits = MeasuredState.MaxPhysicalAddressBits });
        ControlStateStatus status = Walker.SetControlState(
            new ControlState
            {
                Cr0 = MeasuredState.Cr0,
                Cr3 = tables.Root,
                Cr4 = MeasuredState.Cr4(mode),
                Efer = MeasuredState.Efer(mode),
                Pkru = MeasuredState.Pkru,
            },
            new NptControl { NestedCr3 = nested.Root, HostCr4 = HostCr4, HostEfer = HostEfer, PhysicalAddressBits = MeasuredState.MaxPhysicalAddressBits });
        if (status != ControlStateStatus.Legal)
        {
            throw new InvalidOperationException($"The control state of {mode} behind nested tables is refused: {status}.");
        }

        Root = tables.Root;
        NestedRoot = nested.Root;
    }

    public byte* Memory => _memory.Memory;

    /// <summary>The guest's CR3.</summary>
    public ulong Root { get; }

    /// <summary>The nested tables' CR3.</summary>
    public ulong NestedRoot { get; }

    /// <summary>The first page.</summary>
    public ulong Start { get; }

    public GuestWalker Walker { get; }

    public void Dispose() => _memory.Dispose();
}
