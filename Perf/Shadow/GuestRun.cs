// Perf: a VM with the Shadow MMU over a guest, and the loops that are timed.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Vm;

namespace Mmu.Perf.Shadow;

/// <summary>A guest that runs on the Shadow MMU, without a processor: its faults are handed in as the processor would raise them.</summary>
internal sealed unsafe class GuestRun : IDisposable
{
    /// <summary>Tables enough for a million pages.</summary>
    public const uint ManyTables = 1 << 13;

    private const ulong PageBytes = 4096;

    private readonly ShadowGuest _guest;
    private readonly MmuVcpu _vcpu;
    private uint _frames;

    public GuestRun(ShadowGuest guest, uint tablePages = ManyTables)
    {
        _guest = guest;
        Vm = MmuVm.Create(
            new MmuVmOptions { Features = new CpuFeatures { PhysicalAddressBits = MeasuredState.MaxPhysicalAddressBits }, TablePages = tablePages, MaxVcpus = 1 },
            new QuietHost());
        TablePages.Touch(Vm);
        Vm.AddSlot(new MemorySlot(new Gpa(0), guest.Bytes, (nuint)guest.Memory));
        _vcpu = Vm.CreateVcpu();
        ControlStateStatus status = _vcpu.SetControlState(new ControlState
        {
            Cr0 = MeasuredState.Cr0,
            Cr3 = guest.Root,
            Cr4 = MeasuredState.Cr4(guest.Mode),
            Efer = MeasuredState.Efer(guest.Mode),
            Pkru = MeasuredState.Pkru,
        });
        if (status != ControlStateStatus.Legal)
        {
            throw new InvalidOperationException($"The control state of {guest.Mode} is refused: {status}.");
        }

        Enter();
    }

    public MmuVm Vm { get; }

    /// <summary>User reads of pages that are not mapped.</summary>
    public void Read(ulong* gvas, int count)
    {
        for (int i = 0; i < count; i++)
        {
            FaultRequest request = new(new Gva(gvas[i]), Access.UserRead, PageFaultCode.User);
            FaultOutcome outcome = _vcpu.HandleFault(request, out _);
            if (outcome != FaultOutcome.Fixed)
            {
                throw Unexpected(outcome, gvas[i]);
            }
        }
    }

    /// <summary>User reads of pages that may be mapped.</summary>
    public void Touch(ulong* gvas, int count)
    {
        for (int i = 0; i < count; i++)
        {
            FaultRequest request = new(new Gva(gvas[i]), Access.UserRead, PageFaultCode.User);
            FaultOutcome outcome = _vcpu.HandleFault(request, out _);
            if (outcome is not FaultOutcome.Fixed and not FaultOutcome.Spurious)
            {
                throw Unexpected(outcome, gvas[i]);
            }
        }
    }

    /// <summary>User writes, to pages that may be writable already.</summary>
    public void Write(ulong* gvas, int count)
    {
        for (int i = 0; i < count; i++)
        {
            FaultRequest request = new(new Gva(gvas[i]), Access.UserWrite, PageFaultCode.User | PageFaultCode.Write);
            FaultOutcome outcome = _vcpu.HandleFault(request, out _);
            if (outcome is not FaultOutcome.Fixed and not FaultOutcome.Spurious)
            {
                throw Unexpected(outcome, gvas[i]);
            }
        }
    }

    /// <summary>The guest's processor stores another frame into leaf entries that it may write.</summary>
    public static void Store(ulong* leaves, int count)
    {
        for (int i = 0; i < count; i++)
        {
            *(uint*)leaves[i] ^= ShadowGuest.OtherFrame;
        }
    }

    /// <summary>The guest's processor stores a frame into leaf entries that it may write, invalidates the addresses, and reads.</summary>
    public void Remap(ulong* gvas, ulong* leaves, int count)
    {
        for (int i = 0; i < count; i++)
        {
            *(uint*)leaves[i] ^= ShadowGuest.OtherFrame;
            _vcpu.InvalidatePage(new Gva(gvas[i]));
            Read(gvas + i, 1);
        }
    }

    /// <summary>INVLPGs.</summary>
    public void Invalidate(ulong* gvas, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _vcpu.InvalidatePage(new Gva(gvas[i]));
        }
    }

    /// <summary>MOVs to CR3, which the guest's processor would not see yet.</summary>
    public void LoadCr3(ulong* roots, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _ = _vcpu.LoadCr3(roots[i]);
        }
    }

    /// <summary>MOVs to CR3, each with the way back into the guest.</summary>
    public void Switch(ulong* roots, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _ = _vcpu.LoadCr3(roots[i]);
            Enter();
        }
    }

    /// <summary>Into the guest and out again.</summary>
    public void Enter()
    {
        RootStatus status = _vcpu.BeginRun(out _);
        if (status != RootStatus.Loaded)
        {
            throw new InvalidOperationException($"No root: {status}.");
        }

        _vcpu.EndRun();
    }

    /// <summary>A process: see <see cref="ShadowGuest.Life"/>. Stores to an upper table are announced, as an emulator does.</summary>
    public void Live(ulong* windows, int count)
    {
        LifePlan life = _guest.Life;

        // Other frames than the last one's: else what was shadowed of that could stay.
        _frames ^= ShadowGuest.OtherFrame;
        for (uint i = 0; i < 512; i++)
        {
            _guest.Store((byte*)life.Entries + (i * (uint)_guest.Mode.EntryBytes), life.LeafAt(i) ^ _frames);
        }

        _guest.Store(_guest.Memory + life.Link, life.LinkValue);
        Vm.GuestWrote(new Gpa(life.Link), _guest.Mode.EntryBytes);
        Read(windows, count);
        _guest.Store(_guest.Memory + life.Link, 0);
        Vm.GuestWrote(new Gpa(life.Link), _guest.Mode.EntryBytes);

        // The table was shadowed: the first store to it faults, the others do not.
        ulong window = life.Window;
        Write(&window, 1);
        new Span<byte>((byte*)life.Entries, 512 * _guest.Mode.EntryBytes).Clear();
        ulong root = _guest.Root;
        Switch(&root, 1);
    }

    /// <summary>Unmaps pages of guest memory one at a time.</summary>
    public void Unmap(ulong* gpas, int count, ulong bytes = PageBytes)
    {
        for (int i = 0; i < count; i++)
        {
            Vm.UnmapRange(new Gpa(gpas[i]), bytes);
        }
    }

    /// <summary>Clears dirty bits of a range of guest memory.</summary>
    public void ClearDirty(ulong gpa, ulong bytes)
    {
        using MmuWriteGuard held = Vm.Core.Lock.Enter();
        SlotRecord slot = Vm.Core.Slots[0].Find(gpa >> 12)!;
        if (Vm.EngineSet.Shadow.Mmu.Host.ClearDirty(slot, gpa >> 12, (gpa + bytes) >> 12))
        {
            Vm.Core.Gate.FlushAll();
        }
    }

    /// <summary>Stops shadowing the guest tables in frames.</summary>
    public void Unshadow(ulong* gpas, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _ = Vm.EngineSet.Unprotect(0, new Gpa(gpas[i]).ToGfn());
        }
    }

    public void Dispose()
    {
        _vcpu.Dispose();
        Vm.Dispose();
    }

    private InvalidOperationException Unexpected(FaultOutcome outcome, ulong gva) =>
        new($"{_guest.Mode}: the fault at {gva:x} ended as {outcome}.");
}
