// Vmm.Run: runs a guest whose page tables are shadowed: the loop of a monitor.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Vmm.Run.Guests;
using Mmu.Vmm.Run.Processors;
using Mmu.Walk;

namespace Mmu.Vmm.Run;

/// <summary>Runs a guest on shadow tables, answering its faults and announcements.</summary>
internal sealed class ShadowRunner
{
    private readonly ShadowMachine _machine;
    private readonly IProcessor _processor;
    private readonly FaultInjector _injector;
    private readonly StoreEmulator _emulator;
    private readonly Action<ulong> _progress;
    private ulong _cr2;

    /// <summary>Prepares a run.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="processor">Its processor.</param>
    /// <param name="guest">The guest's descriptor tables.</param>
    /// <param name="progress">Told what the guest's device is told.</param>
    internal ShadowRunner(ShadowMachine machine, IProcessor processor, Descriptors guest, Action<ulong> progress)
    {
        _machine = machine;
        _processor = processor;
        _progress = progress;
        Bus = new VcpuBus(machine);
        _injector = new FaultInjector(machine.Window, Bus, guest);
        _emulator = new StoreEmulator(machine, processor, Bus);
    }

    /// <summary>Gets the bus of emulated instructions.</summary>
    internal VcpuBus Bus { get; }

    /// <summary>Gets the instructions that were emulated.</summary>
    internal long Emulated { get; private set; }

    /// <summary>Runs the guest to its end.</summary>
    /// <returns>Its checksum.</returns>
    internal ulong Run(TimeSpan budget)
    {
        var clock = new Budget(budget);
        while (true)
        {
            RunEvent found = _machine.Run(clock.Left("on shadow tables"));
            switch (found.Kind)
            {
                case RunEventKind.Port when found.Port == GuestPorts.Exit:
                    return _processor.Registers[CpuRegisters.Rax];
                case RunEventKind.Port when found.Port == Window.ExceptionPort + Window.PageFault:
                    Answer();
                    break;
                case RunEventKind.OutOfTime:
                    clock.Fail("on shadow tables");
                    break;
                default:
                    if (found.Kind != RunEventKind.Port || !Announced(found.Port, ref _processor.Registers[CpuRegisters.Rax]))
                    {
                        throw new GuestException($"the guest cannot go on at 0x{_processor.Registers.Rip:x}: {Describe(found)}");
                    }

                    break;
            }
        }
    }

    // Does what the guest announces, with the operand.
    private bool Announced(int port, ref ulong operand)
    {
        ControlState state = _machine.Vcpu.Walker.ControlState;
        switch (port)
        {
            case GuestPorts.LoadCr0:
                _machine.LoadControl(state with { Cr0 = operand });
                return true;
            case GuestPorts.ReadCr2:
                operand = _cr2;
                return true;
            case GuestPorts.LoadCr3:
                LoadCr3(operand);
                return true;
            case GuestPorts.Invalidate:
                _machine.Recorder?.Invalidate(operand);
                _machine.Vcpu.InvalidatePage(new Gva(operand));
                return true;
            case GuestPorts.LoadCr4:
                _machine.LoadControl(state with { Cr4 = operand });
                return true;
            case GuestPorts.LoadEfer:
                _machine.LoadControl(state with { Efer = (state.Efer & ProcessorState.LongModeActive) | (uint)operand });
                return true;
            default:
                return false;
        }
    }

    private static string Describe(in RunEvent found) => found.Kind switch
    {
        RunEventKind.Port when found.Port is >= Window.ExceptionPort and < Window.ExceptionPort + 32 =>
            $"exception {found.Port - Window.ExceptionPort}",
        RunEventKind.Port => $"OUT to port 0x{found.Port:x}",
        RunEventKind.Mmio => "its shadow tables map a frame that does not exist",
        _ => found.Detail ?? "unknown",
    };

    private void LoadCr3(ulong value)
    {
        ControlStateStatus status = _machine.Vcpu.LoadCr3(value);
        if (status != ControlStateStatus.Legal)
        {
            throw new GuestException($"the guest's MOV to CR3 of 0x{value:x} is #GP: {status}");
        }

        _machine.Recorder?.Control(flushes: true);
    }

    private void Answer()
    {
        FaultOutcome outcome = _machine.HandleFault(out _, out FaultResult result);
        switch (outcome)
        {
            case FaultOutcome.Fixed or FaultOutcome.Spurious or FaultOutcome.Retry:
                break;
            case FaultOutcome.Inject:
                Inject(result.Walk);
                break;
            case FaultOutcome.WriteProtected or FaultOutcome.Emulate or FaultOutcome.Mmio:
                Emulate();
                break;
            default:
                throw new GuestException($"the Shadow MMU gave up at 0x{_machine.Window.Frame(FrameWord.Rip):x}: {outcome}");
        }
    }

    private void Inject(in WalkResult walk)
    {
        if (walk.Outcome != WalkOutcome.PageFault)
        {
            throw new GuestException(
                $"the guest's access to 0x{walk.LinearAddress.Value:x} ends in {walk.Outcome}, which is not delivered here");
        }

        _cr2 = walk.LinearAddress.Value;
        _injector.Inject(walk.ErrorCode);
    }

    private void Emulate()
    {
        Emulated++;
        long stores = Bus.DeviceStores;
        if (_emulator.Emulate() is { } refusal)
        {
            Inject(refusal);
        }

        if (Bus.DeviceStores != stores)
        {
            _progress(Bus.DeviceValue);
        }
    }
}
