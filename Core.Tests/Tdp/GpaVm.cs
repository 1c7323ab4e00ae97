// TDP judge: a virtual machine of the library on nested paging, and everything that the model keeps about it.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Tests.Conformance;
using Mmu.Tests.Guest;
using Mmu.Tests.Judge;
using Mmu.Vm;

namespace Mmu.Tests.Tdp;

internal sealed class GpaVm : IDisposable
{
    internal const ulong DenseFrame = 0;
    internal const ulong HugeFrame = 0x400;
    internal const ulong RomFrame = 0xC00;
    internal const ulong DemandFrame = 0x1000;
    internal const ulong HotFrame = 0x2000;
    internal const ulong OtherHotFrame = 0x2210;
    internal const ulong FetchFrame = 0x3000;
    internal const ulong DeviceFrame = 0x3100;
    internal const ulong GiantFrame = 0x4_0000;
    internal const ulong HighFrame = 0xFFF_FF00;
    private const int MaxPhyAddr = 46;
    private const ulong FirstTableFrame = 0x8_0000;
    private const ulong FirstRamFrame = 0x100_0000;
    private const ulong FramesPerSlot = 0x10_0000;
    private const int FrameGenerations = 1024;

    private readonly List<GuardedPages> _memory = [];
    private readonly HostThread _hostThread = new();
    private readonly MmuVm _vm;
    private ulong _nextFrame = FirstRamFrame;

    internal GpaVm(GpaStreamOptions options)
    {
        Options = options;
        Host = new GpaHost(World);
        _vm = MmuVm.Create(
            new MmuVmOptions
            {
                TablePages = options.TablePages,
                FirstTableFrame = new Pfn(FirstTableFrame),
                HostPhysicalAddressBits = MaxPhyAddr,
                MaxVcpus = options.Vcpus,
                Tdp = options.Tdp,
                NxHugePages = options.NxHugePages,
            },
            Host);
        if (options.FailAfter is { } failAfter)
        {
            Faults = new AllocationFaults { FailAfter = failAfter, Once = options.FailsOnce };
            _vm.Core.Tables.Faults = Faults;
            _vm.Core.Private.Faults = Faults;
        }

        TableMemory tables = _vm.TableMemory;
        HostFrames.Add(new HostRange(tables.FirstFrame.Value, (int)(tables.Bytes >> 12), tables.HostAddress, HostUse.Tables));
        Walker = new GpaWalker(options.Format, options.Tdp.Levels, MaxPhyAddr, HostFrames, options.Tdp.ExecuteOnly);
        for (int i = 0; i < options.Vcpus; i++)
        {
            MmuVcpu vcpu = null!;
            Retry(() => vcpu = _vm.CreateVcpu());
            Host.Vcpus.Add(new GpaVcpu(vcpu, new GpaCpu(Walker, new SeededRandom(options.Seed + 100 + (ulong)i))));
        }
    }

    internal GpaStreamOptions Options { get; }

    internal GpaWorld World { get; } = new();

    internal GpaGuard Guard { get; } = new();

    internal HostFrames HostFrames { get; } = new();

    internal GpaWalker Walker { get; }

    internal GpaHost Host { get; }

    internal List<GpaVcpu> Vcpus => Host.Vcpus;

    internal MmuVm Vm => _vm;

    /// <summary>The slot that comes, goes and moves; null while it is gone.</summary>
    internal GpaSlot? HotSlot { get; set; }

    /// <summary>There may be fewer tables than are needed, or memory is made to fail: a fault may find no room.</summary>
    internal bool MayRunOut => Options.TablePages < 64 || Faults is not null;

    internal AllocationFaults? Faults { get; }

    /// <summary>How often each answer to a fault was given.</summary>
    internal long[] Answers { get; } = new long[(int)FaultOutcome.VmDead + 1];

    /// <summary>Accesses that reached memory.</summary>
    internal long Reached { get; set; }

    /// <summary>The slots that streams use.</summary>
    internal void AddSlots()
    {
        _ = AddSlot(0, DenseFrame, 64);
        _ = AddSlot(0, HugeFrame, 2048);
        _ = AddSlot(0, RomFrame, 32, SlotFlags.ReadOnly);
        _ = AddSlot(0, DemandFrame, 1024, SlotFlags.Resolved);
        HotSlot = AddSlot(0, HotFrame, 48);
        _ = AddSlot(0, DeviceFrame, 16, SlotFlags.Device);
        _ = AddSlot(0, GiantFrame, 0x4_0000);
        _ = AddSlot(0, HighFrame, 32);
        _ = AddSlot(1, DenseFrame, 64);
        if (Options.Tdp.ExecuteOnly)
        {
            _ = AddSlot(0, FetchFrame, 16, SlotFlags.ExecuteOnly);
        }
    }

    /// <summary>Adds a slot; its frames lie as the guest's do within each GiB.</summary>
    internal GpaSlot AddSlot(int addressSpace, ulong gfn, int pages, SlotFlags flags = SlotFlags.None)
    {
        GuardedPages memory = new(pages);
        _memory.Add(memory);
        HostRange range = new(
            _nextFrame + (gfn % FramesPerSlot % (1 << 18)), pages, memory.Address, HostUse.Ram, (flags & SlotFlags.Resolved) != 0 ? FrameGenerations : 1);
        _nextFrame += 2 * FramesPerSlot;
        HostFrames.Add(range);
        GpaSlot slot = new(addressSpace, gfn, range, flags);
        Plug(slot);
        return slot;
    }

    /// <summary>Gives the library a slot of the model.</summary>
    internal void Plug(GpaSlot slot)
    {
        MemorySlot memory = new(new Gpa(slot.Gfn << 12), slot.Pages << 12, slot.Range.Address, new Pfn(slot.Range.FrameOf(0)), slot.Flags);
        Retry(() => AsHost(vm => vm.AddSlot(memory, slot.AddressSpace)));
        World.Slots.Add(slot);
    }

    /// <summary>Calls a method of the VM as a host thread does, which has no vCPU in guest.</summary>
    internal void AsHost(Action<MmuVm> action)
    {
        if (Vcpus.Exists(vcpu => vcpu.IsInGuest))
        {
            // Whoever is kicked leaves: some wait for that.
            _hostThread.Run(() => action(_vm), LeaveIfKicked);
            LeaveIfKicked();
        }
        else
        {
            action(_vm);
        }
    }

    private void LeaveIfKicked()
    {
        foreach (GpaVcpu vcpu in Vcpus)
        {
            if (vcpu.IsKicked)
            {
                vcpu.Leave();
            }
        }
    }

    /// <summary>Does what may fail for memory, once more with memory if it does.</summary>
    internal void Retry(Action action)
    {
        try
        {
            action();
        }
        catch (InvalidOperationException) when (Faults is not null)
        {
            Faults.FailAfter = -1;
            action();
        }
    }

    /// <summary>Has a vCPU in guest; false if there is no room for its root.</summary>
    internal bool Enter(GpaVcpu vcpu)
    {
        RootStatus status = vcpu.Enter();
        if (status != RootStatus.Loaded && !(status == RootStatus.OutOfPages && MayRunOut))
        {
            throw new JudgeException($"The vCPU cannot enter the guest: {status}.");
        }

        return status == RootStatus.Loaded;
    }

    /// <summary>What a VMM does when the arena is full: has the others let go of their roots, and tables taken apart.</summary>
    internal void MakeRoom()
    {
        if (Faults is not null)
        {
            Faults.FailAfter = -1;
            return;
        }

        foreach (GpaVcpu vcpu in Vcpus)
        {
            vcpu.Leave();
        }

        _vm.ZapAll();
        while (_vm.ReclaimObsolete())
        {
        }

        _ = _vm.Shrink(int.MaxValue);
        Guard.ForgetAll();
    }

    internal string? Audit()
    {
        string? wrong = null;
        AsHost(vm => wrong = vm.Audit());
        return wrong;
    }

    internal MmuStatistics Statistics()
    {
        MmuStatistics statistics = default;
        AsHost(vm => statistics = vm.GetStatistics());
        return statistics;
    }

    public void Dispose()
    {
        foreach (GpaVcpu vcpu in Vcpus)
        {
            vcpu.Leave();
        }

        try
        {
            Teardown.Check(_vm);
        }
        finally
        {
            _hostThread.Dispose();
            _memory.ForEach(memory => memory.Dispose());
        }
    }
}
