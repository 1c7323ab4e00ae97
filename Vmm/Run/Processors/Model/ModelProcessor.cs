// Vmm.Run: a processor in software: the library's walker as its page walker, a TLB, and an interpreter.
// UNSAFETY: loads and stores through host addresses that the walker found inside physical memory, which outlives this.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Iced.Intel;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Walk;

namespace Mmu.Vmm.Run.Processors.Model;

/// <summary>A processor that needs nothing installed. Its page walks are those of <see cref="GuestWalker"/> over physical memory.</summary>
internal sealed unsafe partial class ModelProcessor : IProcessor, IBus
{
    private const int PageFaultVector = 14;
    private const ulong Nowhere = HostLayout.Monitor + 0xF000;
    private const int StepsPerLook = 4096;
    private const ulong AlignmentCheck = 1UL << 18;

    private readonly GuestMemory _physical = new();
    private readonly GuestWalker _walker;
    private readonly ModelTlb _tlb = new();
    private readonly Dictionary<nuint, Instruction> _decoded = [];
    private readonly nuint _nowhere;
    private Descriptors _descriptors;
    private Ring _ring;
    private int _bits = 64;
    private ulong _fault;
    private ulong _faultCode;
    private bool _isPageFault;
    private long _executed;
    private string? _death;

    internal ModelProcessor(HostMemory memory)
    {
        _nowhere = memory.Address + (nuint)Nowhere;
        _physical.AddSlot(new MemorySlot(new Gpa(HostLayout.Monitor), HostLayout.MonitorBytes, memory.Address));
        const ulong tables = HostLayout.TablesEnd - HostLayout.Roots;
        _physical.AddSlot(new MemorySlot(new Gpa(HostLayout.Roots), tables, memory.Address + (nuint)HostLayout.Roots));
        ulong guests = memory.Bytes - HostLayout.GuestMemory;
        _physical.AddSlot(new MemorySlot(new Gpa(HostLayout.GuestMemory), guests, memory.Address + (nuint)HostLayout.GuestMemory));
        _walker = new GuestWalker(_physical, Features);
    }

    /// <inheritdoc/>
    public string Name => "model";

    /// <inheritdoc/>
    public CpuFeatures Features { get; } = new() { PhysicalAddressBits = 46, ShadowStacks = false, Pks = false, Lam = false };

    /// <inheritdoc/>
    public bool OmitsPresentOnReserved => false;

    /// <inheritdoc/>
    public CpuRegisters Registers { get; } = new();

    /// <inheritdoc/>
    public ulong Cr2 { get; private set; }

    /// <summary>Gets the instructions that it executes, faults among them, from a start to its end.</summary>
    internal long MostInstructions { get; init; } = long.MaxValue;

    /// <inheritdoc/>
    public void Start(in ProcessorState state, IReadOnlyList<ulong> ports)
    {
        _descriptors = state.Descriptors;
        _bits = state.Bits;
        _executed = 0;
        _death = null;
        ControlStateStatus status = Apply(
            new ControlState { Cr0 = state.Cr0, Cr3 = state.Cr3, Cr4 = state.Cr4, Efer = state.Efer });
        if (status != ControlStateStatus.Legal)
        {
            throw new InvalidOperationException($"The model refuses its control state: {status}.");
        }

        _tlb.Clear();
        _decoded.Clear();
        Jump(state.Ring, state.Rip, state.Rsp, state.Flags);
    }

    /// <inheritdoc/>
    public void Jump(Ring ring, ulong rip, ulong rsp, ulong flags)
    {
        _ring = ring;
        Registers.Rip = rip;
        Registers.Flags = flags;
        Registers[CpuRegisters.Rsp] = rsp;
    }

    /// <inheritdoc/>
    public RunEvent Run(TimeSpan budget)
    {
        long start = Stopwatch.GetTimestamp();
        for (int steps = 1; ; steps++)
        {
            if (_executed++ >= MostInstructions)
            {
                return RunEvent.Dead($"it has executed {MostInstructions} instructions, all that it may (--instructions)");
            }

            if (Step() is { } found)
            {
                return found;
            }

            if (_death is not null)
            {
                return RunEvent.Dead(_death);
            }

            if (steps % StepsPerLook == 0 && Stopwatch.GetElapsedTime(start) > budget)
            {
                return new RunEvent(RunEventKind.OutOfTime, 0, null);
            }
        }
    }

    /// <inheritdoc/>
    public void LoadRoot(ulong root)
    {
        // PDPTEs of PAE paging are loaded again even if CR3 stays.
        SetControl(_walker.ControlState with { Cr3 = root });
    }

    /// <inheritdoc/>
    public void LoadControl(ulong cr0, ulong cr4) => SetControl(_walker.ControlState with { Cr0 = cr0, Cr4 = cr4 });

    /// <inheritdoc/>
    public IReadOnlyList<FlushMethod> FlushMethods { get; } = [FlushMethod.ReloadCr3];

    /// <inheritdoc/>
    public void Flush(FlushRegion region, FlushMethod method) => _tlb.Clear();

    /// <inheritdoc/>
    public bool TryLoad(ulong address, int bytes, out ulong value)
    {
        value = 0;
        Span<byte> buffer = new(Unsafe.AsPointer(ref value), bytes);
        for (int i = 0; i < bytes;)
        {
            if (!TryTranslate(address + (ulong)i, AccessKind.Read, IsUser, out nuint host))
            {
                return false;
            }

            int count = Math.Min(bytes - i, 4096 - (int)((address + (ulong)i) & 0xFFF));

            // SAFETY: the bytes lie in one page of physical memory.
            new ReadOnlySpan<byte>((void*)host, count).CopyTo(buffer[i..]);
            i += count;
        }

        return true;
    }

    /// <inheritdoc/>
    public bool TryStore(ulong address, int bytes, ulong value) => TryStoreAs(address, bytes, value, IsUser);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private bool TryStoreAs(ulong address, int bytes, ulong value, bool user)
    {
        if (!TryTranslate(address, AccessKind.Write, user, out nuint host)
            || !TryTranslate(address + (ulong)bytes - 1, AccessKind.Write, user, out nuint last))
        {
            return false;
        }

        // SAFETY: both ends were translated, and an access is at most 8 bytes long.
        ReadOnlySpan<byte> source = new(&value, bytes);
        int first = Math.Min(bytes, 4096 - (int)(address & 0xFFF));
        source[..first].CopyTo(new Span<byte>((void*)host, first));
        source[first..].CopyTo(new Span<byte>((void*)(last - (nuint)(bytes - first - 1)), bytes - first));
        return true;
    }

    private bool TryTranslate(ulong address, AccessKind kind, bool user, out nuint host)
    {
        bool alignmentCheck = (Registers.Flags & AlignmentCheck) != 0;
        AccessFlags flags = (user ? AccessFlags.User : AccessFlags.None) | (alignmentCheck ? AccessFlags.AlignmentCheck : AccessFlags.None);
        var access = new Access(kind, flags);
        uint key = (uint)kind | (user ? 4u : 0) | (alignmentCheck ? 8u : 0);
        if (_tlb.TryFind(address, key, out nuint page))
        {
            host = page + (nuint)(address & 0xFFF);
            return true;
        }

        host = 0;
        if (!Walk(new Gva(address), access, out WalkResult walk, out bool isDevice))
        {
            _isPageFault = walk.Outcome == WalkOutcome.PageFault;
            _fault = address;
            _faultCode = (ulong)walk.ErrorCode;
            return false;
        }

        if (isDevice || walk.HostAddress == 0)
        {
            // Only the device of a guest without a monitor may be there; its stores go where nobody looks.
            if ((isDevice ? walk.NestedGpa.Value : walk.Gpa.Value) >> 12 != HostLayout.Device >> 12)
            {
                _death = $"an access outside physical memory, at 0x{walk.Gpa.Value:x}";
                return false;
            }

            host = _nowhere + (nuint)(address & 0xFFF);
            return true;
        }

        host = walk.HostAddress;
        _tlb.Add(address, key, host & ~(nuint)0xFFF);
        return true;
    }

    private bool IsUser => _ring == Ring.User;

    private RunEvent? Step()
    {
        if (!TryTranslate(Registers.Rip, AccessKind.Fetch, IsUser, out nuint host))
        {
            DeliverFault();
            return null;
        }

        if (!_decoded.TryGetValue(host, out Instruction code) || code.IP != Registers.Rip)
        {
            code = Decode(host);
            _decoded[host] = code;
        }

        switch (Interpreter.Execute(code, Registers, this))
        {
            case StepResult.Done:
                return null;
            case StepResult.Fault:
                DeliverFault();
                return null;
            default:
                return ExecuteSystem(code);
        }
    }

    // Code here never crosses a page.
    private Instruction Decode(nuint host)
    {
        int left = 4096 - (int)(host & 0xFFF);

        // SAFETY: the rest of a page of physical memory.
        byte[] bytes = new ReadOnlySpan<byte>((void*)host, Math.Min(left, 15)).ToArray();
        return Decoder.Create(_bits, new ByteArrayCodeReader(bytes), Registers.Rip).Decode();
    }
}
