// Vmm.Run: makes accesses on a processor, natively and on shadow tables.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Vmm.Run.Processors;
using Mmu.Walk;

namespace Mmu.Vmm.Run.Compare;

/// <summary>Makes accesses with probes. What differs between native and shadowed runs is only who answers page faults.</summary>
internal sealed class ProbeRunner
{
    private const ulong AlignmentCheck = 1UL << 18;
    private const ulong WrittenValue = 0x5A5A_0000_5A5A_0000;

    // An access needs one fault for itself, and a few more for what its emulation or a retry leaves to do.
    private const int MostFaults = 32;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly IProcessor _processor;
    private readonly RunMode _mode;
    private readonly LinearMap _linear;
    private readonly Window _window;
    private readonly ShadowMachine? _machine;
    private readonly StoreEmulator? _emulator;
    private ulong _cr0;
    private ulong _cr4;

    /// <summary>Gets the outcome of an access that faults again and again.</summary>
    internal static AccessOutcome Stuck => new(true, ulong.MaxValue, ulong.MaxValue, 0);

    /// <summary>Makes a runner.</summary>
    /// <param name="bench">The processor.</param>
    /// <param name="machine">The machine whose tables it is to run on; null to run natively.</param>
    /// <param name="linear">The guest's map of its memory.</param>
    internal ProbeRunner(Bench bench, ShadowMachine? machine, LinearMap linear)
    {
        _mode = bench.Mode;
        _linear = linear;
        _processor = bench.Processor;
        _window = bench.Window;
        _machine = machine;
        _emulator = machine is null ? null : new StoreEmulator(machine, bench.Processor, new VcpuBus(machine));
    }

    /// <summary>Starts a batch, with the processor on tables of the runner.</summary>
    /// <param name="state">Its control registers.</param>
    internal void Start(in ProcessorState state)
    {
        (_cr0, _cr4) = (state.Cr0, state.Cr4);
        if (state.Pkru != 0)
        {
            Require(Run(Probe.LoadKeys, 0, state.Pkru, user: false, Probes.KernelFlags), "WRPKRU");
        }
    }

    /// <summary>Makes control registers those of an access, as a guest's MOV would.</summary>
    internal void SetControl(ulong cr0, ulong cr4)
    {
        if ((cr0, cr4) == (_cr0, _cr4))
        {
            return;
        }

        if (_machine is not null)
        {
            _machine.LoadControl(_machine.Vcpu.Walker.ControlState with { Cr0 = cr0, Cr4 = cr4 });
        }
        else
        {
            _processor.LoadControl(cr0, cr4);
        }

        (_cr0, _cr4) = (cr0, cr4);
    }

    /// <summary>Loads CR3, and PDPTEs with it.</summary>
    internal void LoadRoot(ulong cr3)
    {
        if (_machine is null)
        {
            _processor.LoadRoot(cr3);
        }
        else if (_machine.Vcpu.LoadCr3(cr3) is var status && status != ControlStateStatus.Legal)
        {
            throw new GuestException($"the Shadow MMU refuses CR3 0x{cr3:x}: {status}");
        }
    }

    /// <summary>Changes a table entry by a store of the guest itself, through its linear map.</summary>
    internal void Store(ulong gpa, ulong value)
    {
        if (_mode.Bits == 64 || _mode.EntryBytes == 4)
        {
            StoreWord(gpa, value);
            return;
        }

        // In halves: an entry is made present last, and absent first.
        bool presentLast = (value & 1) != 0;
        StoreWord(presentLast ? gpa + 4 : gpa, presentLast ? value >> 32 : (uint)value);
        StoreWord(presentLast ? gpa : gpa + 4, presentLast ? (uint)value : value >> 32);
    }

    private static void Require(in AccessOutcome outcome, string what)
    {
        if (outcome.Faulted)
        {
            throw new GuestException($"{what} ends in {outcome}");
        }
    }

    private void StoreWord(ulong gpa, ulong value)
    {
        AccessOutcome outcome = Run(Probe.Write, _linear.Address + gpa, value, user: true, Probes.UserFlags);
        if (outcome.Faulted)
        {
            throw new GuestException($"a store to a page table at 0x{gpa:x} through the linear map ends in {outcome}");
        }
    }

    /// <summary>Invalidates an address, as the guest would: by INVLPG, or by announcing it.</summary>
    internal void Invalidate(ulong address)
    {
        if (_machine is not null)
        {
            _machine.Vcpu.InvalidatePage(new Gva(address));
        }
        else
        {
            _ = Run(Probe.Invalidate, address, 0, user: false, Probes.KernelFlags);
        }
    }

    /// <summary>Makes an access.</summary>
    internal AccessOutcome Access(in AccessCase access, ulong address, int number)
    {
        Probe probe = access.Kind switch
        {
            AccessKind.Read => Probe.Read,
            AccessKind.Write => Probe.Write,
            _ => Probe.Fetch,
        };
        ulong flags = (access.User ? Probes.UserFlags : Probes.KernelFlags) | (access.AlignmentCheck ? AlignmentCheck : 0);
        ulong at = address + (access.Kind == AccessKind.Fetch ? CompareLayout.CodeOffset : 0u);
        AccessOutcome outcome = Run(probe, at, WrittenValue + (ulong)number, access.User, flags);

        // RAX says something after a load only.
        return access.Kind == AccessKind.Read || outcome.Faulted ? outcome : outcome with { Loaded = 0 };
    }

    private AccessOutcome Run(Probe probe, ulong address, ulong value, bool user, ulong flags)
    {
        _processor.Jump(user ? Ring.User : Ring.Kernel, _window.AddressOf(probe, user), _window.ProbeStack, flags);
        CpuRegisters registers = _processor.Registers;
        registers[CpuRegisters.Rdi] = address;
        registers[CpuRegisters.Rax] = value;
        registers[CpuRegisters.Rbx] = _window.ProbeEndOf(user);
        for (int faults = 0; faults < MostFaults; faults++)
        {
            RunEvent found = _machine is null ? _processor.Run(_patience) : _machine.Run(_patience);
            switch (found.Kind)
            {
                case RunEventKind.Port when found.Port == Window.ProbePort:
                    return new AccessOutcome(false, 0, 0, registers[CpuRegisters.Rax]);
                case RunEventKind.Port when found.Port == Window.ExceptionPort + Window.PageFault:
                    if (Answer() is { } outcome)
                    {
                        return outcome;
                    }

                    break;
                default:
                    string why = found.Detail ?? $"{found.Kind}, port 0x{found.Port:x}";
                    throw new GuestException($"a probe cannot go on at 0x{registers.Rip:x}: {why}");
            }
        }

        return Stuck;
    }

    // The fault that the guest gets, or null if it goes on.
    private AccessOutcome? Answer()
    {
        if (_machine is null)
        {
            var code = (PageFaultCode)_window.Frame(FrameWord.Error);
            if (_processor.OmitsPresentOnReserved && (code & PageFaultCode.Reserved) != 0)
            {
                code |= PageFaultCode.Present;
            }

            return new AccessOutcome(true, _processor.Cr2, (ulong)code, 0);
        }

        FaultOutcome outcome = _machine.HandleFault(out FaultRequest request, out FaultResult result);
        switch (outcome)
        {
            case FaultOutcome.Fixed or FaultOutcome.Spurious or FaultOutcome.Retry:
                return null;
            case FaultOutcome.Inject when result.Walk.Outcome == WalkOutcome.PageFault:
                return Fault(result.Walk);
            case FaultOutcome.WriteProtected or FaultOutcome.Emulate:
                return _emulator!.Emulate() is { } refusal ? Fault(refusal) : null;
            default:
                throw new GuestException($"the Shadow MMU answers {outcome} to an access to 0x{request.Address.Value:x}");
        }
    }

    private static AccessOutcome Fault(in WalkResult walk) => new(true, walk.LinearAddress.Value, (ulong)walk.ErrorCode, 0);
}
