// Shadow judge: a virtual machine of the library, and everything that the model keeps about it.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Tests.Conformance;
using Mmu.Tests.Guest;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;
using Mmu.Vm;

namespace Mmu.Tests.Shadow;

internal sealed class StreamVm : IDisposable
{
    internal const ulong FirstTableFrame = 0x8_0000;
    private const ulong FirstRamFrame = 0x100_0000;
    private const ulong FramesPerSlot = 0x10_0000;
    private const int FrameGenerations = 4096;

    private readonly List<GuardedPages> _memory = [];
    private readonly HostThread _hostThread = new();
    private readonly MmuVm _vm;
    private ulong _nextFrame = FirstRamFrame;

    internal StreamVm(StreamOptions options)
    {
        Options = options;
        Model = new FlatModel(World);
        Judge = new TranslationJudge(World, Model, HostFrames);
        Logs = new LogJudge(this);
        Host = new ModelHost(World);
        _vm = MmuVm.Create(
            new MmuVmOptions
            {
                Features = options.Features,
                TablePages = options.TablePages,
                TableQuota = options.TableQuota,
                FirstTableFrame = new Pfn(FirstTableFrame),
                HostPhysicalAddressBits = 46,
                MaxVcpus = options.Vcpus,
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
        SeededRandom random = new(options.Seed);
        _ = AddSlot(0, GuestLayout.DenseFrame, GuestLayout.DensePages, All(GuestLayout.DensePages));
        _ = AddSlot(0, GuestLayout.HugeFrame, GuestLayout.HugePages, GuestLayout.WatchedHugePages, alignment: 512);
        _ = AddSlot(0, GuestLayout.RomFrame, GuestLayout.RomPages, All(GuestLayout.RomPages), SlotFlags.ReadOnly);
        _ = AddSlot(0, GuestLayout.DemandFrame, GuestLayout.DemandPages, All(GuestLayout.DemandPages), SlotFlags.Resolved);
        HotSlot = AddSlot(0, GuestLayout.HotFrame, GuestLayout.HotPages, All(GuestLayout.HotPages));
        _ = AddSlot(0, GuestLayout.HighFrame, GuestLayout.HighPages, All(GuestLayout.HighPages));
        _ = AddSlot(1, GuestLayout.SmmFrame, GuestLayout.SmmPages, All(GuestLayout.SmmPages));
        Fill(random, 0);
        Fill(random, 1);
        for (int i = 0; i < options.Vcpus; i++)
        {
            AddVcpu(random, options.Modes[0]);
        }
    }

    internal StreamOptions Options { get; }

    internal GuestWorld World { get; } = new();

    internal FlatModel Model { get; }

    internal LogJudge Logs { get; }

    internal TranslationJudge Judge { get; }

    internal HostFrames HostFrames { get; } = new();

    internal ModelHost Host { get; }

    internal List<ModelVcpu> Vcpus => Host.Vcpus;

    internal MmuVm Vm => _vm;

    /// <summary>The slot that comes, goes and moves.</summary>
    internal ModelSlot HotSlot { get; set; }

    /// <summary>Somebody wrote to guest memory and said nothing: what the guest reads may be old for ever, but it is still only its own memory.</summary>
    internal bool IsTainted { get; set; }

    /// <summary>There may be fewer tables than the roots of the vCPUs need, or memory is made to fail: a fault may find no room.</summary>
    internal bool MayRunOut => Options.TablePages < 64 || Options.TableQuota is not null || Faults is not null;

    internal AllocationFaults? Faults { get; }

    internal long Accesses { get; set; }

    /// <summary>How often each answer to a fault was given.</summary>
    internal long[] Answers { get; } = new long[(int)FaultOutcome.VmDead + 1];

    /// <summary>Calls a method of the VM as a host thread does, which has no vCPU in guest.</summary>
    internal void AsHost(Action<MmuVm> action)
    {
        if (Vcpus.Exists(vcpu => vcpu.IsInGuest))
        {
            _hostThread.Run(() => action(_vm));
        }
        else
        {
            action(_vm);
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
    internal bool Enter(ModelVcpu vcpu)
    {
        RootStatus status = vcpu.Enter();
        if (status != RootStatus.Loaded && !(status is RootStatus.OutOfPages or RootStatus.NoRootBelow4GiB && MayRunOut))
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

        foreach (ModelVcpu vcpu in Vcpus)
        {
            vcpu.Leave();
        }

        _vm.ZapAll();
        while (_vm.ReclaimObsolete())
        {
        }

        _ = _vm.Shrink(int.MaxValue);
    }

    /// <summary>A store by an emulator or a device, announced as it must be.</summary>
    internal void StoreAndAnnounce(int addressSpace, ulong gpa, int bytes, ulong value)
    {
        ModelSlot slot = World.Find(addressSpace, gpa) ?? throw new JudgeException($"Nothing to store to at {gpa:x}.");
        World.Store(slot, gpa, bytes, value);
        AsHost(vm => vm.GuestWrote(new Gpa(gpa), bytes, addressSpace));
    }

    /// <summary>An address for a vCPU to use next.</summary>
    internal ulong PickLinear(ModelVcpu vcpu, SeededRandom random)
    {
        OracleMode mode = vcpu.Flat.Cpu.Mode();
        return vcpu.Linears.Pick(random, mode, linear => mode == OracleMode.Off || Model.FreshPath(vcpu.Flat, linear).Fault == OracleCause.None);
    }

    internal long OldestOfAll() => Vcpus.Min(vcpu => vcpu.Flat.Oldest);

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

    /// <summary>Gives the library a slot of the model.</summary>
    internal void Plug(ModelSlot slot)
    {
        MemorySlot memory = new(new Gpa(slot.Gpa), slot.Bytes, slot.Range.Address, new Pfn(slot.Range.FrameOf(0)),
            (slot.IsReadOnly ? SlotFlags.ReadOnly : 0) | (slot.IsOnDemand ? SlotFlags.Resolved : 0));
        Retry(() => AsHost(vm => vm.AddSlot(memory, slot.AddressSpace)));
        World.Add(slot);
    }

    public void Dispose()
    {
        foreach (ModelVcpu vcpu in Vcpus)
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

    private static IEnumerable<int> All(int pages) => Enumerable.Range(0, pages);

    private ModelSlot AddSlot(int addressSpace, ulong gfn, int pages, IEnumerable<int> watched, SlotFlags flags = SlotFlags.None, int alignment = 1)
    {
        GuardedPages memory = new(pages);
        _memory.Add(memory);
        bool onDemand = (flags & SlotFlags.Resolved) != 0;
        ulong first = _nextFrame + (alignment > 1 ? gfn % (ulong)alignment : 0);
        HostRange range = new(first, pages, memory.Address, HostUse.Ram, onDemand ? FrameGenerations : 1);
        _nextFrame += FramesPerSlot;
        HostFrames.Add(range);
        ModelSlot slot = new(addressSpace, gfn << 12, range, (flags & SlotFlags.ReadOnly) != 0, onDemand, watched);
        Plug(slot);
        return slot;
    }

    // Every table gets entries for its level; the model takes them for having been there always.
    private void Fill(SeededRandom random, int addressSpace)
    {
        for (int level = 1; level < GuestLayout.Tables.Length; level++)
        {
            foreach (ulong frame in GuestLayout.Tables[level])
            {
                Fill(addressSpace, frame, GuestLayout.Indexes, index => EntryMaker.MakeAt(random, level, frame, index));
            }
        }

        foreach (ulong frame in GuestLayout.PaeRoots)
        {
            Fill(addressSpace, frame, [0, 1, 2, 3, 4, 5, 6, 7], _ => EntryMaker.MakePaeRoot(random) & ~2UL);
        }
    }

    private void Fill(int addressSpace, ulong frame, int[] indexes, Func<int, ulong> make)
    {
        if (World.Find(addressSpace, frame << 12) is { } slot)
        {
            foreach (int index in indexes)
            {
                ulong gpa = (frame << 12) + ((ulong)index << 3);
                slot.Store(gpa, 8, make(index));
                slot.Known[slot.PageOf(gpa)][index] = slot.Load(gpa);
            }
        }
    }

    private void AddVcpu(SeededRandom random, OracleMode mode)
    {
        ControlState reset = new() { Cr0 = 1 };
        MmuVcpu vcpu = null!;
        Retry(() => vcpu = _vm.CreateVcpu());
        ModelCpu cpu = new(HostFrames, new SeededRandom(Options.Seed + 100 + (ulong)Vcpus.Count));
        ModelVcpu model = new(vcpu, cpu, new FlatVcpu(StateMaker.ToOracle(reset, Options.Features))) { State = reset };
        Vcpus.Add(model);
        if (vcpu.SetControlState(reset) != ControlStateStatus.Legal)
        {
            throw new JudgeException("Paging off was refused.");
        }

        ControlLoads.Set(this, model, StateMaker.Make(random, mode));
    }
}
