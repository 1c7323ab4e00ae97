// Vm: the façade of one virtual machine.
using System;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;
using Mmu.Walk;
#if MMU_SHADOW && MMU_TDP
using Engines = Mmu.Common.EngineSet<Mmu.Shadow.ShadowEngine, Mmu.Tdp.TdpEngine>;
#elif MMU_SHADOW
using Engines = Mmu.Common.EngineSet<Mmu.Shadow.ShadowEngine, Mmu.Common.NullEngine>;
#elif MMU_TDP
using Engines = Mmu.Common.EngineSet<Mmu.Common.NullEngine, Mmu.Tdp.TdpEngine>;
#else
using Engines = Mmu.Common.EngineSet<Mmu.Common.NullEngine, Mmu.Common.NullEngine>;
#endif

namespace Mmu.Vm;

/// <summary>
/// A virtual machine's MMU: its memory slots, its vCPUs and the tables that a processor runs them on. See docs/embedding.md.
/// </summary>
/// <remarks>
/// Every method may be called on any thread, several at a time, but not by a thread that has a vCPU of this VM in guest and not from an
/// <see cref="IMmuHost"/> callback; Debug builds throw then. Nothing that a guest does makes a method throw.
/// </remarks>
public sealed partial class MmuVm : IDisposable
{
    // atomic: HostAtomics. How many VMs the process has made.
    private static int s_count;

    private readonly RankedLock _slotsLock = new(LockRank.Slots);

    // guarded by: _slotsLock; immutable in length
    private readonly MmuVcpu?[] _vcpus;
    private readonly VmCore _core;
    private readonly TdpOptions? _tdp;
    private Engines _engines;
    private bool _disposed;

    // guarded by: MmuLock(write). Of vCPUs that are no more.
    private ulong _departedFlushes;
    private ulong _departedInvalidations;

    private MmuVm(VmCore core, TdpOptions? tdp)
    {
        _core = core;
        _tdp = tdp;
        _vcpus = new MmuVcpu?[core.MaxVcpus];
#if MMU_SHADOW
        MmuAssert.That(Shadow.ShadowEngine.GfnLimit << 12 == GuestAddressLimit, "The façade's limit of guest addresses is not the engine's");
#endif
#if MMU_SHADOW && MMU_TDP
        _engines = new Engines(new Shadow.ShadowEngine(core), new Tdp.TdpEngine(core, tdp));
        if (tdp is not null)
        {
            core.WritableGate = (slot, gfn) => _engines.Shadow.AllowWritable(slot, new Addressing.Gfn(gfn)) != WritableAnswer.Denied;
            core.IsShadowedInStep = (slot, gfn) => _engines.Shadow.Mmu.State.Guard.IsInStep(slot, gfn);
            core.ProtectElsewhere = (slot, gfn) => _engines.Tdp.WriteProtectFrame(slot, gfn);
        }
#elif MMU_SHADOW
        _engines = new Engines(new Shadow.ShadowEngine(core), default);
#elif MMU_TDP
        _engines = new Engines(default, new Tdp.TdpEngine(core, tdp));
#endif
    }

    /// <summary>Where the tables lie: what a VMM maps into the address space of the processor that walks them.</summary>
    public TableMemory TableMemory =>
        new(_core.Tables.HostAddress, (ulong)_core.Tables.PageCount * NativePages.PageBytes, _core.Tables.FirstFrame);

    /// <summary>What the guest's CPU can do.</summary>
    public CpuFeatures Features => _core.Features;

    /// <summary>True after tables were found corrupt: nothing runs any more.</summary>
    public bool IsDead => _core.IsDead;

    internal VmCore Core => _core;

    /// <summary>How the VM's nested paging is set up; null on the Shadow MMU.</summary>
    internal TdpOptions? TdpOptions => _tdp;

    internal ref Engines EngineSet => ref _engines;

    /// <summary>Creates a VM without slots and vCPUs.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="host">The VMM's side.</param>
    /// <exception cref="ArgumentException">An option is outside its limits; the message names it and them.</exception>
    /// <exception cref="NotSupportedException">The library was built without the engine that is asked for.</exception>
    /// <exception cref="InvalidOperationException">The system has no address space left.</exception>
    public static MmuVm Create(MmuVmOptions options, IMmuHost host)
    {
        ArgumentNullException.ThrowIfNull(options);
        bool isBuiltIn = options.Tdp is null ? Engines.HasShadow : Engines.HasTdp;
        return isBuiltIn
            ? CreateWithAnyEngine(options, host)
            : throw new NotSupportedException(
                $"This library was built without the {(options.Tdp is null ? "Shadow MMU (WithShadow=false), which a VM without" : "TDP MMU (WithTdp=false), which a VM with")} MmuVmOptions.Tdp needs.");
    }

    /// <summary>As <see cref="Create"/>, with engines that do nothing if none is built in.</summary>
    internal static MmuVm CreateWithAnyEngine(MmuVmOptions options, IMmuHost host)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(host);
        options.Validate();
        SpteHost spteHost = new(options.HostPhysicalAddressBits, options.EncryptionBit, options.L1tf);
        TableArena tables = new(options.TableBacking, options.TablePages, options.FirstTableFrame, Spte.Empty, options.PaeRootPages);
        PrivateArena? arena = null;
        try
        {
            arena = new PrivateArena(options.PrivateReserve);
#if MMU_ASSERT
            host = new GuardedHost(host);
#endif
            EpochDomain epochs = new(options.MaxVcpus + MmuLock.HostReaders);
            SlotRecords[] slots = [new SlotRecords(), new SlotRecords()];
            MmuVm vm = new(new VmCore
            {
                Number = HostAtomics.Add(ref s_count, 1),
                Features = options.Features,
                SpteHost = spteHost,
                Tables = tables,
                Private = arena,
                Epochs = epochs,
                Lock = new MmuLock(epochs, options.MaxVcpus),
                Gate = new RunGate(arena, options.MaxVcpus, host),
                Host = host,
                Memories = [new GuestMemory(slots[0]), new GuestMemory(slots[1])],
                Slots = slots,
                TableQuota = Math.Min(options.TableQuota ?? uint.MaxValue, options.TablePages),
                MaxVcpus = options.MaxVcpus,
                NxHugePages = options.NxHugePages,
                IsOnTdp = options.Tdp is not null,
                Nested = Engines.HasShadow ? options.Tdp ?? options.Nested : null,
                DirtyRingEntries = options.DirtyRingEntries,
                DirtyRingReserve = options.DirtyRingReserve,
                LogsByDirtyBits = options.PageModificationLog,
            }, options.Tdp);
            MmuEvents.Log.VmCreated(vm.Core.Number);
            return vm;
        }
        catch
        {
            arena?.Dispose();
            tables.Dispose();
            throw;
        }
    }

    /// <summary>Creates a vCPU, outside the guest and with paging off.</summary>
    /// <exception cref="InvalidOperationException">There are already <see cref="MmuVmOptions.MaxVcpus"/> vCPUs, or the private arena has no room for its
    /// dirty ring.</exception>
    public MmuVcpu CreateVcpu() => CreateVcpu(onTdp: _tdp is not null);

    /// <summary>As above, on the engine of choice: a VM on nested paging has both.</summary>
    internal MmuVcpu CreateVcpu(bool onTdp)
    {
        RefuseCaller();
        using RankedHold hold = _slotsLock.Enter();
        int id = Array.IndexOf(_vcpus, null);
        if (id < 0)
        {
            throw new InvalidOperationException($"The VM already has {_vcpus.Length} vCPUs (MmuVmOptions.MaxVcpus).");
        }

        Vcpu vcpu = new() { Id = id, Walker = new GuestWalker(_core.Memories[0], _core.Features), RunsOnTdp = onTdp, DirtyRing = CreateRing() };
        using (MmuWriteGuard held = _core.Lock.Enter())
        {
            _core.Gate.Add(id);
        }

        _engines.AddVcpu(vcpu);
        return _vcpus[id] = new MmuVcpu(this, vcpu);
    }

    /// <summary>Makes every table obsolete, at once: each vCPU starts with empty ones at its next entry. Those in guest are kicked.</summary>
    public void ZapAll()
    {
        RefuseCaller();
        MmuEvents.Log.AllZapped(_core.Number);
        _engines.ZapAll();
    }

    /// <summary>Takes some tables apart that <see cref="ZapAll"/> left; for a thread with nothing better to do.</summary>
    /// <returns>True if there are more.</returns>
    public bool ReclaimObsolete()
    {
        RefuseCaller();
        return _engines.ZapObsolete();
    }

    /// <summary>Takes tables apart, oldest first, to give memory back.</summary>
    /// <param name="pages">How many at most.</param>
    /// <returns>How many were.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="pages"/> is negative.</exception>
    public int Shrink(int pages)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(pages);
        RefuseCaller();
        return _engines.Shrink(pages);
    }

    /// <summary>Checks the invariants of all tables. Slow; holds the lock throughout. For tests and after a suspicion.</summary>
    /// <returns>Null if they hold, else what is broken.</returns>
    public string? Audit()
    {
        RefuseCaller();
        using MmuWriteGuard held = _core.Lock.Enter();
        return _engines.Audit();
    }

    /// <summary>Destroys the VM: no vCPU may be in guest, and no other method may run or be called. Slots' memory stays the VMM's.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _meter?.Dispose();
        foreach (MmuVcpu? vcpu in _vcpus)
        {
            vcpu?.Dispose();
        }

        DropSlots();
        _engines.Dispose();
        _core.Gate.Dispose();
        _core.Lock.Dispose();
        _core.Tables.Dispose();
        _core.Private.Dispose();
        MmuEvents.Log.VmDestroyed(_core.Number);
    }

    /// <summary>Lets a vCPU go; <see cref="MmuVcpu.Dispose"/> calls it.</summary>
    internal void Remove(Vcpu vcpu)
    {
        using RankedHold hold = _slotsLock.Enter();
        _engines.RemoveVcpu(vcpu);
        vcpu.DirtyRing?.Release();
        if (vcpu.SoftTlb is { } tlb)
        {
            using MmuWriteGuard held = _core.Lock.Enter();
            _core.Gate.SetHoldsPointers(vcpu.Id, holds: false);
            vcpu.SoftTlb = null;
            tlb.Release();
        }

        using (MmuWriteGuard held = _core.Lock.Enter())
        {
            _departedFlushes += vcpu.TlbFlushes;
            _departedInvalidations += vcpu.Invalidations;
            _vcpus[vcpu.Id] = null;
        }
    }

    /// <summary>Empties a vCPU's TLB, on its own thread.</summary>
    internal static void Flush(VmCore core, Vcpu vcpu) => Engines.Flush(core, vcpu, VcpuRequests.Flush);

    private void RefuseCaller()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        GuardedHost.RefuseCallback(_core.Host);
#if MMU_ASSERT
        foreach (MmuVcpu? vcpu in _vcpus)
        {
            vcpu?.RefuseGuestThread();
        }
#endif
    }
}
