// KVM conformance: this library in the place of KVM's Shadow MMU.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Shadow;
using Mmu.Sptes;
using Mmu.Vm;
using Mmu.Vmm.Replay;

namespace Mmu.Tests.Kvm;

/// <summary>A guest with one vCPU in 64-bit mode, as the log's: its memory, its tables and ours.</summary>
internal sealed class KvmSubject : IMmuHost, IDisposable
{
    private const ulong MemoryBytes = 0x180_0000;
    private const ulong FirstMemoryFrame = 0x10_0000;

    private readonly GuestRam _ram = new(MemoryBytes);
    private readonly MmuVm _vm;
    private readonly MmuVcpu _vcpu;
    private readonly ShadowCpu _cpu;
    private RunState _root;
    private DirtyLogSession? _log;

    public KvmSubject(ulong root)
    {
        _vm = MmuVm.Create(
            new MmuVmOptions { HostPhysicalAddressBits = ShadowCpu.PhysicalAddressBits, FirstTableFrame = new Pfn(0x1000), TablePages = 1024, MaxVcpus = 1 }, this);
        _vm.AddSlot(new MemorySlot(new Gpa(0), MemoryBytes, _ram.Address, new Pfn(FirstMemoryFrame), SlotFlags.None));
        _vcpu = _vm.CreateVcpu();
        _cpu = new ShadowCpu(_vm.TableMemory, new Pfn(FirstMemoryFrame), MemoryBytes);
        _ = _vcpu.SetControlState(State = new ControlState { Cr0 = 0x8001_0033, Cr3 = root, Cr4 = 0x60, Efer = 0x500 });
        Enter();
    }

    /// <summary>CR3 and the rest.</summary>
    public ControlState State { get; private set; }

    /// <summary>Counters.</summary>
    public MmuStatistics Statistics => _vm.GetStatistics();

    private ShadowPages Pages => _vm.EngineSet.Shadow.Mmu.State.Pages;

    private SlotRecord Slot => _vm.Core.Slots[0].Find(0)!;

    /// <summary>A MOV to CR3, and what is done before the guest goes on.</summary>
    public void LoadCr3(ulong root)
    {
        State = State with { Cr3 = root };
        _ = _vcpu.LoadCr3(root);
        Enter();
    }

    /// <summary>A guest entry.</summary>
    public ulong Load(ulong gpa) => BitConverter.ToUInt64(_ram.Page(gpa).Slice((int)(gpa & 0xFFF), 8));

    /// <summary>A store of the guest that no processor of ours makes fault.</summary>
    public void Store(ulong gpa, ulong entry) => _ram.Store(gpa, 8, entry);

    /// <summary>An INVLPG.</summary>
    public void InvalidatePage(ulong gva) => _vcpu.InvalidatePage(new Gva(gva));

    /// <summary>The error code that a processor finds on our tables; null if the access passes.</summary>
    public PageFaultCode? Run(ulong gva, Access access)
    {
        Enter();
        return _cpu.Translate(_root, State, gva, access, out PageFaultCode code, out _) == CpuOutcome.Fault ? code : null;
    }

    /// <summary>Handles a fault.</summary>
    public FaultOutcome HandleFault(ulong gva, Access access, uint code)
    {
        FaultOutcome outcome;
        do
        {
            Enter();
            outcome = _vcpu.HandleFault(new FaultRequest(new Gva(gva), access, (PageFaultCode)code), out _);
        }
        while (outcome == FaultOutcome.Retry);
        Enter();
        return outcome;
    }

    /// <summary>True if the guest's tables allow an access; sets their accessed and dirty bits.</summary>
    public bool Walk(ulong gva, Access access) => _vcpu.Walker.Translate(new Gva(gva), access, out _);

    /// <summary>Our pages on the way to an address, root first, with the index of the entry used in each.</summary>
    public List<(PageHandle Page, int Level, ulong Spte)> Path(ulong gva)
    {
        Span<ulong> sptes = stackalloc ulong[5];
        int count = _vcpu.GetWalk(new Gva(gva), sptes);
        var path = new List<(PageHandle, int, ulong)>();
        ulong table = _root.RootAddress;
        for (int i = 0; i < count && Pages.Tables.TryPageOf(table >> 12, out PageHandle page); i++)
        {
            path.Add((page, 4 - i, sptes[i]));
            table = Spte.FrameOf(_vm.Core.SpteHost, sptes[i]);
        }

        return path;
    }

    /// <summary>The header of a page.</summary>
    public ShadowPage Header(PageHandle page) => Pages[page];

    /// <summary>An entry of a page.</summary>
    public ulong Entry(PageHandle page, int index) => Pages.Tables[page].Load(index);

    /// <summary>The guest frame that a present leaf maps.</summary>
    public ulong GfnOf(ulong leaf) => (Spte.FrameOf(_vm.Core.SpteHost, leaf) >> 12) - FirstMemoryFrame;

    /// <summary>The page that shadows a guest table of level 1; none if there is none.</summary>
    public PageHandle TableOf(ulong gfn) => Pages.NextOfTable(default, 0, gfn);

    /// <summary>Starts a dirty log of all memory.</summary>
    public void StartLog() => _log = _vm.StartDirtyLog(new Gpa(0));

    /// <summary>Ends it; small mappings become large again where they can.</summary>
    public void EndLog() => _log!.Dispose();

    /// <summary>The guest frames that were written since the last time, ascending.</summary>
    public List<ulong> Harvest()
    {
        ulong[] bitmap = new ulong[_log!.Words];
        _ = _log.Harvest(bitmap);
        List<ulong> frames = [];
        for (ulong gfn = 0; gfn < _log.Pages; gfn++)
        {
            if ((bitmap[gfn >> 6] & (1UL << (int)(gfn & 63))) != 0)
            {
                frames.Add(gfn);
            }
        }

        return frames;
    }

    /// <summary>Keeps pages of 2 MiB that hold one of these frames from being made, or no more.</summary>
    public void AllowHuge(bool allow, ulong firstGfn, ulong endGfn)
    {
        for (ulong gfn = firstGfn; gfn < endGfn; gfn += 512)
        {
            if (allow)
            {
                Slot.Huge.Allow(gfn);
            }
            else
            {
                Slot.Huge.Forbid(gfn);
            }
        }
    }

    /// <summary>The host takes memory away.</summary>
    public void Unmap(ulong gpa, ulong bytes) => _vm.UnmapRange(new Gpa(gpa), bytes);

    /// <summary>Checks all invariants.</summary>
    public string? Audit() => _vm.Audit();

    /// <inheritdoc/>
    public bool Flush(ReadOnlySpan<int> vcpus, FlushRange range)
    {
        _cpu.Flush(range);
        return true;
    }

    /// <inheritdoc/>
    public void Kick(ReadOnlySpan<int> vcpus)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _log?.Dispose();
        _vcpu.Dispose();
        _vm.Dispose();
        _ram.Dispose();
    }

    private void Enter()
    {
        if (_vcpu.BeginRun(out _root) != RootStatus.Loaded)
        {
            throw new InvalidOperationException("the vCPU cannot enter");
        }

        _vcpu.EndRun();
    }
}
