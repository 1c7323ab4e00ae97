// Vmm.Run: privileged instructions of a guest's kernel, announced or executed.
using System.Collections.Generic;
using Iced.Intel;
using static Iced.Intel.Code;
using static Iced.Intel.Register;

namespace Mmu.Vmm.Run.Guests;

/// <summary>
/// An assembler for a guest's kernel. Privileged instructions that nothing traps are announced by OUT, or executed natively. Both are of the
/// same length, so that both builds lie at the same addresses.
/// </summary>
internal sealed class KernelCode : EntryCode
{
    private const uint EferNumber = 0xC000_0080;

    private readonly bool _announces;
    private readonly List<Label> _ports = [];

    internal KernelCode(RunMode mode, bool announces)
        : base(mode) => _announces = announces;

    /// <summary>Gets the OUT instructions.</summary>
    internal IReadOnlyList<Label> Ports => _ports;

    /// <summary>An OUT with the operand in EAX.</summary>
    internal void Out(int port)
    {
        Label here = Asm.CreateLabel();
        Asm.Label(ref here);
        _ports.Add(here);
        Asm.AddInstruction(Instruction.Create(Out_imm8_AL, port, AL));
    }

    /// <summary>Loads CR0 from EAX.</summary>
    internal void LoadCr0() => Announce(GuestPorts.LoadCr0, Instruction.Create(Wide(Mov_cr_r32), CR0, Wide(EAX)));

    /// <summary>Reads CR2 into EAX.</summary>
    internal void ReadCr2() => Announce(GuestPorts.ReadCr2, Instruction.Create(Wide(Mov_r32_cr), Wide(EAX), CR2));

    /// <summary>Loads CR3 from EAX.</summary>
    internal void LoadCr3() => Announce(GuestPorts.LoadCr3, Instruction.Create(Wide(Mov_cr_r32), CR3, Wide(EAX)));

    /// <summary>Loads CR4 from EAX.</summary>
    internal void LoadCr4() => Announce(GuestPorts.LoadCr4, Instruction.Create(Wide(Mov_cr_r32), CR4, Wide(EAX)));

    /// <summary>Invalidates the address in EAX.</summary>
    internal void Invalidate() => Announce(GuestPorts.Invalidate, Instruction.Create(Invlpg_m, new MemoryOperand(Wide(EAX))));

    /// <summary>Loads EFER from EAX. Changes ECX and EDX.</summary>
    internal void LoadEfer()
    {
        Set(ECX, EferNumber);
        Set(EDX, 0);
        if (_announces)
        {
            Out(GuestPorts.LoadEfer);
        }
        else
        {
            Asm.wrmsr();
        }
    }

    /// <summary>Leaves a handler, with the frame at ESP.</summary>
    internal void ReturnFromInterrupt() => Asm.AddInstruction(Instruction.Create(Wide(Iretd)));

    private void Announce(int port, in Instruction native)
    {
        if (_announces)
        {
            Out(port);
            Asm.nop();
        }
        else
        {
            Asm.AddInstruction(native);
        }
    }
}
