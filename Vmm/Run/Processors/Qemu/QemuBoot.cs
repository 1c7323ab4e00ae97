// Vmm.Run: code that brings QEMU's processor from real mode to 64-bit or protected mode and loads what a debugger cannot: GDTR, IDTR and TR.
using System;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Mmu.Vmm.Run.Processors.Qemu;

/// <summary>The boot code and its tables, in the monitor's memory.</summary>
internal sealed class QemuBoot
{
    /// <summary>Where the processor starts, in real mode; CS must be 0.</summary>
    internal const ulong RealCode = HostLayout.Monitor + 0x7000;

    private const ulong Root = HostLayout.Monitor + 0x3000;
    private const ulong TargetCode = HostLayout.Monitor + 0x8000;
    private const ulong Operands = HostLayout.Monitor + 0x9000;
    private const ulong Gdt = HostLayout.Monitor + 0xA000;

    private readonly HostMemory _memory;

    internal QemuBoot(HostMemory memory)
    {
        _memory = memory;
        memory.Word(Root) = (Root + 0x1000) | 7;
        memory.Word(Root + 0x1000) = (Root + 0x2000) | 7;
        memory.Word(Root + 0x2000) = HostLayout.Monitor | 0x83;
    }

    /// <summary>Gets the address of the loop that the code ends in.</summary>
    internal ulong End { get; private set; }

    /// <summary>Prepares to load a set of descriptor tables.</summary>
    /// <param name="target">The tables. They need not be mapped: selectors are looked up in a copy of their GDT.</param>
    internal void Prepare(Descriptors target)
    {
        target.Write(_memory.At(Gdt, 4096), 0, 0, _ => 0);
        Pointer(0, Descriptors.GdtBytes - 1, Gdt);
        Pointer(16, Descriptors.GdtBytes - 1, target.Gdt);
        Pointer(32, Descriptors.IdtBytes - 1, target.Idt);
        WriteRealCode(target.Bits);
        WriteTargetCode(target.Bits);
    }

    private void Pointer(ulong offset, ushort limit, ulong address)
    {
        _ = BitConverter.TryWriteBytes(_memory.At(Operands + offset, 2), limit);
        _ = BitConverter.TryWriteBytes(_memory.At(Operands + offset + 2, 8), address);
    }

    private void WriteRealCode(int bits)
    {
        const uint featureRegister = 0xC000_0080;
        var c = new Assembler(16);
        c.lgdt(__dword_ptr[(int)Operands]);
        if (bits == 64)
        {
            c.mov(eax, 0x20);
            c.mov(cr4, eax);
            c.mov(eax, (uint)Root);
            c.mov(cr3, eax);
            c.mov(ecx, featureRegister);
            c.mov(eax, 0x900);
            c.xor(edx, edx);
            c.wrmsr();
        }

        const uint protectedMode = 0x31;
        c.mov(eax, bits == 64 ? unchecked((uint)ProcessorState.UsualCr0) : protectedMode);
        c.mov(cr0, eax);
        c.AddInstruction(Instruction.CreateBranch(Iced.Intel.Code.Jmp_ptr1632, Descriptors.KernelCode, (uint)TargetCode));
        _ = Run.Code.Assemble(c, RealCode, _memory.At(RealCode, 256));
    }

    // 64-bit code under 64-bit paging, or 32-bit code without paging.
    private void WriteTargetCode(int bits)
    {
        var c = new Assembler(bits);
        Label end = c.CreateLabel();
        c.mov(eax, Descriptors.TaskState);
        c.ltr(ax);
        c.mov(eax, Descriptors.KernelData);
        c.mov(ss, ax);

        // Data segments of ring 3 serve every ring, and outlast a return to it.
        c.mov(eax, Descriptors.UserData);
        c.mov(ds, ax);
        c.mov(es, ax);
        c.lgdt(__[Operands + 16]);
        c.lidt(__[Operands + 32]);
        c.Label(ref end);
        c.jmp(end);
        End = Run.Code.Assemble(c, TargetCode, _memory.At(TargetCode, 256)).GetLabelRIP(end);
    }
}
