// Vmm.Run: executes the instruction of the guest that faulted, where no mapping could let it do it itself.
using System;
using Iced.Intel;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Vmm.Run.Processors;
using Mmu.Vmm.Run.Processors.Model;
using Mmu.Walk;

namespace Mmu.Vmm.Run;

/// <summary>Emulates one instruction, decoded by Iced, through the guest's own tables.</summary>
internal sealed class StoreEmulator
{
    private const int LongestInstruction = 15;

    private readonly ShadowMachine _machine;
    private readonly IProcessor _processor;
    private readonly VcpuBus _bus;

    internal StoreEmulator(ShadowMachine machine, IProcessor processor, VcpuBus bus)
    {
        _machine = machine;
        _processor = processor;
        _bus = bus;
    }

    /// <summary>Executes the instruction that the frame in the window names, and lets the stub return behind it.</summary>
    /// <returns>Null, or the page fault that it raised instead.</returns>
    /// <exception cref="GuestException">It is none that can be emulated.</exception>
    internal WalkResult? Emulate()
    {
        Window window = _machine.Window;
        _bus.User = (window.Frame(FrameWord.Cs) & 3) == (ulong)Ring.User;
        _bus.AlignmentCheck = (window.Frame(FrameWord.Flags) & 1 << 18) != 0;
        ulong rip = window.Frame(FrameWord.Rip);
        Instruction code = Fetch(rip);

        // The processor's registers are the guest's, but those of the stub itself.
        CpuRegisters registers = _processor.Registers;
        (ulong stubRip, ulong stubFlags, ulong stubRsp) = (registers.Rip, registers.Flags, registers[CpuRegisters.Rsp]);
        registers.Rip = rip;
        registers.Flags = window.Frame(FrameWord.Flags);
        registers[CpuRegisters.Rsp] = window.Frame(FrameWord.Rsp);
        StepResult result = Interpreter.Execute(code, registers, _bus);
        window.SetFrame(FrameWord.Rip, registers.Rip);
        window.SetFrame(FrameWord.Flags, registers.Flags);
        window.SetFrame(FrameWord.Rsp, registers[CpuRegisters.Rsp]);
        registers.Rip = stubRip;
        registers.Flags = stubFlags;
        registers[CpuRegisters.Rsp] = stubRsp;
        return result switch
        {
            StepResult.Done => null,
            StepResult.Fault => _bus.Refusal,
            _ => throw new GuestException($"the guest's instruction at 0x{rip:x} cannot be emulated: {code}"),
        };
    }

    private Instruction Fetch(ulong rip)
    {
        byte[] bytes = new byte[LongestInstruction];
        int count = LongestInstruction;
        Window window = _machine.Window;
        if (window.TryReadProbe(rip, bytes))
        {
            return Decoder.Create(window.Descriptors.Bits, new ByteArrayCodeReader(bytes), rip).Decode();
        }

        // Near the end of a page what follows need not be mapped.
        AccessFlags flags = _bus.User ? AccessFlags.User : AccessFlags.None;
        while (count > 0 && !_machine.Vcpu.Walker.TryRead(new Gva(rip), bytes.AsSpan(0, count), out _, flags))
        {
            count--;
        }

        return Decoder.Create(window.Descriptors.Bits, new ByteArrayCodeReader(bytes, 0, count), rip).Decode();
    }
}
