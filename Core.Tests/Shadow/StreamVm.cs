// Shadow judge: a virtual machine of the library, and everything that the model keeps about it.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Conformance;
using Mmu.Tests.Guest;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;
using Mmu.Vm;

namespace Mmu.Tests.Shadow;

internal sealed class StreamVm : JudgedVm<ModelVcpu>
{
    internal const ulong FirstTableFrame = 0x8_0000;
    private const ulong FirstRamFrame = 0x100_0000;
    private const ulong FramesPerSlot = 0x10_0000;
    private const int FrameGenerations = 4096;

    private ulong _nextFrame = FirstRamFrame;

    internal StreamVm(StreamOptions options)
        : this(options, new GuestWorld())
    {
    }

    private StreamVm(StreamOptions options, GuestWorld world)
        : this(options, world, new ModelHost(world))
    {
    }

    private StreamVm(StreamOptions options, GuestWorld world, ModelHost host)
        : base(
            new MmuVmOptions
            {
                Features = options.Features,
                TablePages = options.TablePages,
                TableQuota = options.TableQuota,
                FirstTableFrame = new Pfn(FirstTableFrame),
                HostPhysicalAddressBits = 46,
                MaxVcpus = options.Vcpus,
            },
            host, options.FailAfter, options.FailsOnce)
    {
        Options = options;
        World = world;
        Host = host;
        Model = new FlatModel(World);
        Judge = new TranslationJudge(World, Model, HostFrames);
        Logs = new LogJudge(this);
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

    internal GuestWorld World { get; }

    internal FlatModel Model { get; }

    internal LogJudge Logs { get; }

    internal TranslationJudge Judge { get; }

    internal ModelHost Host { get; }

    internal override List<ModelVcpu> Vcpus => Host.Vcpus;

    /// <summary>The slot that comes, goes and moves.</summary>
    internal ModelSlot HotSlot { get; set; }

    /// <summary>Somebody wrote to guest memory and said nothing: what the guest reads may be old for ever, but it is still only its own memory.</summary>
    internal bool IsTainted { get; set; }

    internal override bool MayRunOut => Options.TablePages < 64 || Options.TableQuota is not null || Faults is not null;

    internal long Accesses { get; set; }

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

    /// <summary>Gives the library a slot of the model.</summary>
    internal void Plug(ModelSlot slot)
    {
        MemorySlot memory = new(new Gpa(slot.Gpa), slot.Bytes, slot.Range.Address, new Pfn(slot.Range.FrameOf(0)),
            (slot.IsReadOnly ? SlotFlags.ReadOnly : 0) | (slot.IsOnDemand ? SlotFlags.Resolved : 0));
        Retry(() => AsHost(vm => vm.AddSlot(memory, slot.AddressSpace)));
        World.Add(slot);
    }

    // A root of PAE paging wants room of its own.
    protected override bool IsShortage(RootStatus status) => status is RootStatus.OutOfPages or RootStatus.NoRootBelow4GiB;

    private static IEnumerable<int> All(int pages) => Enumerable.Range(0, pages);

    private ModelSlot AddSlot(int addressSpace, ulong gfn, int pages, IEnumerable<int> watched, SlotFlags flags = SlotFlags.None, int alignment = 1)
    {
        GuardedPages memory = NewMemory(pages);
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
        Retry(() => vcpu = Vm.CreateVcpu());
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
