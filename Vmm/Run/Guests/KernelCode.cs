// Vmm.Run: what the parts of a guest's kernel share: the assembler, and instructions that are announced or executed.
using System.Collections.Generic;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Mmu.Vmm.Run.Guests;

/// <summary>
/// An assembler for a guest's kernel. Privileged instructions that nothing traps are announced by OUT, or executed natively.
/// </summary>
internal sealed class KernelCode
{
    private readonly bool _announces;
    private readonly List<Label> _ports = [];

    internal KernelCode(bool announces) => _announces = announces;

    /// <summary>Gets the assembler.</summary>
    internal Assembler Asm { get; } = new(64);

    /// <summary>Gets the OUT instructions.</summary>
    internal IReadOnlyList<Label> Ports => _ports;

    /// <summary>An OUT with the operand in RAX.</summary>
    internal void Out(int port)
    {
        Label here = Asm.CreateLabel();
        Asm.Label(ref here);
        _ports.Add(here);
        Asm.@out((byte)port, al);
    }

    /// <summary>Loads CR3 from RAX.</summary>
    internal void LoadCr3()
    {
        if (_announces)
        {
            // As long as the instruction, so that both builds lie at the same addresses.
            Out(GuestPorts.LoadCr3);
            Asm.nop();
        }
        else
        {
            Asm.mov(cr3, rax);
        }
    }

    /// <summary>Invalidates the address in RAX.</summary>
    internal void Invalidate()
    {
        if (_announces)
        {
            Out(GuestPorts.Invalidate);
            Asm.nop();
        }
        else
        {
            Asm.invlpg(__[rax]);
        }
    }
}
