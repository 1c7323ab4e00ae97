// TDP judge: a virtual machine of the library on nested paging, and everything that the model keeps about it.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Guest;
using Mmu.Tests.Conformance;
using Mmu.Tests.Guest;
using Mmu.Tests.Judge;
using Mmu.Vm;

namespace Mmu.Tests.Tdp;

internal sealed class GpaVm : JudgedVm<GpaVcpu>
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

    private ulong _nextFrame = FirstRamFrame;

    internal GpaVm(GpaStreamOptions options)
        : this(options, new GpaWorld())
    {
    }

    private GpaVm(GpaStreamOptions options, GpaWorld world)
        : this(options, world, new GpaHost(world))
    {
    }

    private GpaVm(GpaStreamOptions options, GpaWorld world, GpaHost host)
        : base(
            new MmuVmOptions
            {
                TablePages = options.TablePages,
                FirstTableFrame = new Pfn(FirstTableFrame),
                HostPhysicalAddressBits = MaxPhyAddr,
                MaxVcpus = options.Vcpus,
                Tdp = options.Tdp,
                NxHugePages = options.NxHugePages,
            },
            host, options.FailAfter, options.FailsOnce)
    {
        Options = options;
        World = world;
        Host = host;
        Walker = new GpaWalker(options.Format, options.Tdp.Levels, MaxPhyAddr, HostFrames, options.Tdp.ExecuteOnly);
        for (int i = 0; i < options.Vcpus; i++)
        {
            MmuVcpu vcpu = null!;
            Retry(() => vcpu = Vm.CreateVcpu());
            Host.Vcpus.Add(new GpaVcpu(vcpu, new GpaCpu(Walker, new SeededRandom(options.Seed + 100 + (ulong)i))));
        }
    }

    internal GpaStreamOptions Options { get; }

    internal GpaWorld World { get; }

    internal GpaGuard Guard { get; } = new();

    internal GpaWalker Walker { get; }

    internal GpaHost Host { get; }

    internal override List<GpaVcpu> Vcpus => Host.Vcpus;

    /// <summary>The slot that comes, goes and moves; null while it is gone.</summary>
    internal GpaSlot? HotSlot { get; set; }

    internal override bool MayRunOut => Options.TablePages < 64 || Faults is not null;

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
        GuardedPages memory = NewMemory(pages);
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

    internal override void MakeRoom()
    {
        bool takesApart = Faults is null;
        base.MakeRoom();
        if (takesApart)
        {
            Guard.ForgetAll();
        }
    }

    // Whoever is kicked leaves: some wait for that.
    protected override Action? WhileHostWorks => LeaveIfKicked;
}
