// Perf: a VM whose guest runs a guest behind EPT, and one whose guest has the same tables as its own paging.
using System;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Perf.Shadow;
using Mmu.Vm;

namespace Mmu.Perf.Nested;

/// <summary>The same pages mapped by L1's EPT for L2, and by a 4-level guest for itself: what a fault on our tables costs in each.</summary>
internal sealed unsafe class NestedVms : IDisposable
{
    public const string Name = "Mmu";
    public const string Linear = "4-level guest";
    private const ulong MiB = 1 << 20;
    private const ulong Data = 64 * MiB;
    private const ulong Bytes = 160 * MiB;
    private const ulong EptTables = 128 * MiB;
    private const ulong EptEnd = 136 * MiB;
    private const ulong GuestTables = 136 * MiB;
    private const ulong GuestEnd = 144 * MiB;
    private const int PageCount = 2048;
    private const ulong EptOpen = 7 | (1 << 8);
    private const ulong EptLeaf = EptOpen | (6 << 3) | (1 << 9);

    private readonly GuestRegion _memory = new(Bytes);
    private readonly MmuVm _nestedVm;
    private readonly MmuVm _linearVm;
    private readonly MmuVcpu _nested;
    private readonly MmuVcpu _linear;
    private readonly EptControl _ept;
    private readonly EptControl _other;
    private readonly ControlState _paged;
    private ulong _next = EptTables;

    public NestedVms()
    {
        // A page in eight, so that no fault maps another's page.
        Pages = new AddressList(Enumerable.Range(0, PageCount).Select(i => Data + ((ulong)i << 15)), 256);
        ulong root = NewTable();
        ulong second = NewTable();
        for (ulong gpa = Data; gpa < Data + (64 * MiB); gpa += 4096)
        {
            MapEpt(root, gpa);
        }

        Word(second) = Word(root);
        TableBuilder tables = new(ModeShape.Long4, _memory.Memory, GuestTables, GuestEnd);
        for (ulong gpa = Data; gpa < Data + (64 * MiB); gpa += 4096)
        {
            _ = tables.Map(gpa, gpa);
        }

        _nestedVm = Create(new TdpOptions());
        _linearVm = Create(null);
        _nested = _nestedVm.CreateVcpu();
        _linear = _linearVm.CreateVcpu();
        _ept = new EptControl { EptPointer = root | 0x5E, ExecuteOnly = false };
        _other = _ept with { EptPointer = second | 0x5E };
        _paged = new ControlState { Cr0 = MeasuredState.Cr0, Cr3 = tables.Root, Cr4 = MeasuredState.Cr4(ModeShape.Long4), Efer = MeasuredState.Efer(ModeShape.Long4) };
        Require(_linear.SetControlState(_paged) == ControlStateStatus.Legal);
        Enter();
        Run(_linear);
        for (int chunk = 0; chunk < Pages.Count / Pages.Chunk; chunk++)
        {
            MapNested(Pages.Of(chunk), Pages.Chunk);
            MapLinear(Pages.Of(chunk), Pages.Chunk);
        }
    }

    public AddressList Pages { get; }

    public Subject NestedFaults(AddressList pages) =>
        new DelegateSubject(Name, pages.Chunk, c => Unmap(_nestedVm, pages.Of(c), pages.Chunk), c => MapNested(pages.Of(c), pages.Chunk));

    public Subject LinearFaults(AddressList pages) =>
        new DelegateSubject(Linear, pages.Chunk, c => Unmap(_linearVm, pages.Of(c), pages.Chunk), c => MapLinear(pages.Of(c), pages.Chunk));

    /// <summary>From L2 to L1 and back, nothing entered; per switch.</summary>
    public Subject Switches(int count) => new DelegateSubject(Name, 2 * count, _ => { }, _ =>
    {
        for (int i = 0; i < count; i++)
        {
            Require(_nested.LeaveNested(new ControlState()) == ControlStateStatus.Legal);
            Require(_nested.EnterNested(_paged, _ept, new NestedTag(1)) == ControlStateStatus.Legal);
        }
    });

    /// <summary>As <see cref="Switches"/>, into the guest and out of it after each.</summary>
    public Subject EnteredSwitches(int count) => new DelegateSubject(Name, 2 * count, _ => { }, _ =>
    {
        for (int i = 0; i < count; i++)
        {
            Require(_nested.LeaveNested(new ControlState()) == ControlStateStatus.Legal);
            Run(_nested);
            Require(_nested.EnterNested(_paged, _ept, new NestedTag(1)) == ControlStateStatus.Legal);
            Run(_nested);
        }
    });

    /// <summary>One EPT pointer after the other.</summary>
    public Subject PointerSwitches(int count) => new DelegateSubject(Name, 2 * count, _ => { }, _ =>
    {
        for (int i = 0; i < count; i++)
        {
            Require(_nested.SwitchEptPointer(_other.EptPointer) == ControlStateStatus.Legal);
            Require(_nested.SwitchEptPointer(_ept.EptPointer) == ControlStateStatus.Legal);
        }
    });

    public void Dispose()
    {
        _nested.Dispose();
        _linear.Dispose();
        _nestedVm.Dispose();
        _linearVm.Dispose();
        _memory.Dispose();
    }

    private MmuVm Create(TdpOptions? tdp)
    {
        MmuVm vm = MmuVm.Create(new MmuVmOptions { TablePages = 4096, MaxVcpus = 1, Tdp = tdp }, new QuietHost());
        vm.AddSlot(new MemorySlot(new Gpa(0), Bytes, (nuint)_memory.Memory));
        return vm;
    }

    private void Enter()
    {
        Require(_nested.EnterNested(_paged, _other, new NestedTag(1)) == ControlStateStatus.Legal);
        Run(_nested);
        Require(_nested.SwitchEptPointer(_ept.EptPointer) == ControlStateStatus.Legal);
        Run(_nested);
    }

    private void MapNested(ulong* pages, int count)
    {
        for (int i = 0; i < count; i++)
        {
            FaultOutcome outcome = _nested.HandleViolation(new ViolationRequest(new Gpa(pages[i]), Access.SupervisorRead, ViolationFlags.None), out _);
            Require(outcome is FaultOutcome.Fixed or FaultOutcome.Spurious);
        }
    }

    private void MapLinear(ulong* pages, int count)
    {
        for (int i = 0; i < count; i++)
        {
            FaultOutcome outcome = _linear.HandleFault(new FaultRequest(new Gva(pages[i]), Access.UserRead, PageFaultCode.User), out _);
            Require(outcome is FaultOutcome.Fixed or FaultOutcome.Spurious);
        }
    }

    private static void Unmap(MmuVm vm, ulong* pages, int count)
    {
        for (int i = 0; i < count; i++)
        {
            vm.UnmapRange(new Gpa(pages[i]), 4096);
        }
    }

    private static void Run(MmuVcpu vcpu)
    {
        Require(vcpu.BeginRun(out _) == RootStatus.Loaded);
        vcpu.EndRun();
    }

    private static void Require(bool holds)
    {
        if (!holds)
        {
            throw new InvalidOperationException("The library refuses what is to be measured.");
        }
    }

    private ref ulong Word(ulong gpa) => ref *(ulong*)(_memory.Memory + gpa);

    private ulong NewTable()
    {
        ulong table = _next;
        _next += 4096;
        return table <= EptEnd ? table : throw new InvalidOperationException("EPT needs more room than there is.");
    }

    private void MapEpt(ulong root, ulong gpa)
    {
        ulong table = root;
        for (int level = 4; level > 1; level--)
        {
            ref ulong entry = ref Word(table + (((gpa >> (3 + (9 * level))) & 511) * 8));
            entry = entry != 0 ? entry : NewTable() | EptOpen;
            table = entry & 0x000f_ffff_ffff_f000;
        }

        Word(table + (((gpa >> 12) & 511) * 8)) = gpa | EptLeaf;
    }
}
