// Perf: a VM with the TDP MMU, and the loops that are timed.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Perf.Shadow;
using Mmu.Vm;

namespace Mmu.Perf.Tdp;

/// <summary>A guest of some GiB on the TDP MMU, without a processor: its violations are handed in as the processor would raise them.</summary>
internal sealed unsafe class TdpRun : IDisposable
{
    public const ulong PageBytes = 4096;
    public const ulong HugeBytes = 2 << 20;
    public const ulong GiB = 1 << 30;

    // Frames of memory that nobody has: only tables are touched.
    private const ulong FirstFrame = 1 << 24;

    private readonly GuestRegion _region;
    private readonly MmuVcpu[] _vcpus;

    public TdpRun(TdpFormat format, int highestPageLevel, ulong bytes = 4 * GiB, int vcpus = 1)
    {
        _region = new GuestRegion(bytes);
        Vm = MmuVm.Create(
            new MmuVmOptions
            {
                Features = new CpuFeatures { PhysicalAddressBits = MeasuredState.MaxPhysicalAddressBits },
                TablePages = 1 << 14,
                MaxVcpus = vcpus,
                Tdp = new TdpOptions { Format = format, HighestPageLevel = highestPageLevel },
            },
            new QuietHost());
        TablePages.Touch(Vm);
        Vm.AddSlot(new MemorySlot(new Gpa(0), bytes, (nuint)_region.Memory) { HostFrame = new Pfn(FirstFrame) });
        _vcpus = new MmuVcpu[vcpus];
        for (int i = 0; i < vcpus; i++)
        {
            _vcpus[i] = Vm.CreateVcpu();
        }

        Enter();
    }

    public MmuVm Vm { get; }

    /// <summary>Writes to pages whose violation must end in a mapping.</summary>
    public void Write(ulong* gpas, int count, ViolationFlags flags = ViolationFlags.None, int vcpu = 0)
    {
        MmuVcpu on = _vcpus[vcpu];
        for (int i = 0; i < count; i++)
        {
            FaultOutcome outcome = on.HandleViolation(new ViolationRequest(new Gpa(gpas[i]), Access.UserWrite, flags), out _);
            if (outcome != FaultOutcome.Fixed)
            {
                throw new InvalidOperationException($"A write to 0x{gpas[i]:x} ended in {outcome}.");
            }
        }
    }

    /// <summary>Writes to the pages of a chunk, as above.</summary>
    public void Write(AddressList gpas, int chunk, ViolationFlags flags = ViolationFlags.None) => Write(gpas.Of(chunk), gpas.Chunk, flags);

    /// <summary>Writes to pages that may be mapped.</summary>
    public void Touch(AddressList gpas, int chunk)
    {
        for (int i = 0; i < gpas.Chunk; i++)
        {
            _ = _vcpus[0].HandleViolation(new ViolationRequest(new Gpa(gpas.Of(chunk)[i]), Access.UserWrite, ViolationFlags.None), out _);
        }
    }

    /// <summary>Writes to all pages, which may be mapped.</summary>
    public void TouchAll(AddressList gpas)
    {
        for (int i = 0; i < gpas.Count; i += gpas.Chunk)
        {
            Touch(gpas, i / gpas.Chunk);
        }
    }

    /// <summary>Unmaps a range at each address of a chunk.</summary>
    public void Unmap(AddressList gpas, int chunk, ulong bytes)
    {
        for (int i = 0; i < gpas.Chunk; i++)
        {
            Vm.UnmapRange(new Gpa(gpas.Of(chunk)[i]), bytes);
        }
    }

    /// <summary>Write-protects each page of a chunk.</summary>
    public void Protect(AddressList gpas, int chunk)
    {
        for (int i = 0; i < gpas.Chunk; i++)
        {
            Vm.WriteProtect(new Gpa(gpas.Of(chunk)[i]), PageBytes);
        }
    }

    /// <summary>Write-protects the pages of a chunk, which follow each other, at once.</summary>
    public void ProtectRange(AddressList gpas, int chunk) => Vm.WriteProtect(new Gpa(*gpas.Of(chunk)), (ulong)gpas.Chunk * PageBytes);

    /// <summary>Every vCPU enters the guest and leaves it.</summary>
    public void Enter()
    {
        foreach (MmuVcpu vcpu in _vcpus)
        {
            if (vcpu.BeginRun(out _) != RootStatus.Loaded)
            {
                throw new InvalidOperationException("No root could be loaded.");
            }

            vcpu.EndRun();
        }
    }

    /// <summary>Takes apart what a zap-all left.</summary>
    public void Reclaim()
    {
        while (Vm.ReclaimObsolete())
        {
        }
    }

    public void Dispose()
    {
        Vm.Dispose();
        _region.Dispose();
    }
}
