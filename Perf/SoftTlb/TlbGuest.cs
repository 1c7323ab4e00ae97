// Perf: a guest whose pages a software TLB holds.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Perf.Shadow;
using Mmu.Vm;
using Mmu.Walk;

namespace Mmu.Perf.SoftTlb;

/// <summary>A VM with one vCPU in 4-level paging: user pages of 4 KiB, accessed and dirty, and above them one of 2 MiB.</summary>
internal sealed unsafe class TlbGuest : IDisposable
{
    public const int PageCount = 1024;
    public const ulong LargePage = First + ((ulong)PageCount << 12);

    private const ulong First = 1UL << 30;
    private const ulong Root = 0x1000;
    private const ulong Data = 0x100_0000;
    private const ulong Bits = 0x67;
    private const ulong LargeBits = 0xE7;

    private readonly GuestRegion _memory = new(Data + ((PageCount + 512UL) << 12));
    private readonly MmuVm _vm;
    private readonly MmuVcpu _vcpu;

    public TlbGuest()
    {
        Store(Root, (Root + 0x1000) | Bits);
        Store(Root + 0x1000 + (First >> 30 << 3), (Root + 0x2000) | Bits);
        for (ulong page = 0; page < PageCount; page++)
        {
            ulong table = Root + 0x3000 + (page >> 9 << 12);
            Store(Root + 0x2000 + (page >> 9 << 3), table | Bits);
            Store(table + ((page & 511) << 3), (Data + (page << 12)) | Bits);
        }

        Store(Root + 0x2000 + (PageCount >> 9 << 3), (Data + (PageCount << 12)) | LargeBits);
        _vm = MmuVm.Create(new MmuVmOptions { TablePages = 64, MaxVcpus = 1 }, new QuietHost());
        _vm.AddSlot(new MemorySlot(new Gpa(0), _memory.Bytes, (nuint)_memory.Memory));
        _vcpu = _vm.CreateVcpu();
        Tlb = _vcpu.SoftTlb;
        ControlStateStatus status = _vcpu.SetControlState(new ControlState
        {
            Cr0 = MeasuredState.Cr0,
            Cr3 = Root,
            Cr4 = MeasuredState.Cr4(ModeShape.Long4),
            Efer = MeasuredState.Efer(ModeShape.Long4),
            Pkru = MeasuredState.Pkru,
        });
        if (status != ControlStateStatus.Legal)
        {
            throw new InvalidOperationException($"The control state is refused: {status}.");
        }

        Enter();
    }

    public Walk.SoftTlb Tlb { get; }

    /// <summary>Addresses of user pages, eight bytes into a line of their own, again and again in random order.</summary>
    public static IEnumerable<ulong> Addresses(int pages, int count)
    {
        SplitMix random = new(11);
        return Enumerable.Range(0, count).Select(_ => random.Next() % (ulong)pages).Select(page => First + (page << 12) + (page % 64 * 64)).ToArray();
    }

    /// <summary>Each page once.</summary>
    public static IEnumerable<ulong> Pages(int count) => Enumerable.Range(0, count).Select(i => First + ((ulong)i << 12));

    /// <summary>Empties the TLB.</summary>
    public void Flush()
    {
        _vcpu.EndRun();
        _ = _vcpu.LoadCr3(Root);
        Enter();
    }

    /// <summary>Brings pages into the TLB.</summary>
    public void Fill(AddressList addresses)
    {
        for (int i = 0; i < addresses.Count; i++)
        {
            if (Tlb.Resolve(new Gva(addresses.All[i]), Access.UserRead, out _) != SoftTlbOutcome.Memory)
            {
                throw new InvalidOperationException($"The page at {addresses.All[i]:x} is not resolved.");
            }
        }
    }

    public void Dispose()
    {
        _vcpu.EndRun();
        _vcpu.Dispose();
        _vm.Dispose();
        _memory.Dispose();
    }

    private void Enter()
    {
        RootStatus status = _vcpu.BeginRun(out _);
        if (status != RootStatus.Loaded)
        {
            throw new InvalidOperationException($"No root: {status}.");
        }
    }

    private void Store(ulong gpa, ulong value) => *(ulong*)(_memory.Memory + gpa) = value;
}
