// Vmm.Run: code that brings QEMU's processor from reset to 64-bit mode and loads what a debugger cannot: GDTR, IDTR and TR.
using System;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Mmu.Vmm.Run.Processors.Qemu;

/// <summary>The boot code and its tables, in the monitor's memory.</summary>
internal sealed class QemuBoot
{
    /// <summary>Where a processor starts after reset; CS must be 0.</summary>
    internal const ulong RealCode = HostLayout.Monitor + 0x7000;

    /// <summary>Where a processor that is in 64-bit mode starts.</summary>
    internal const ulong LongCode = HostLayout.Monitor + 0x8000;

    /// <summary>Root of the tables that it runs on.</summary>
    internal const ulong Root = HostLayout.Monitor + 0x3000;

    private const ulong Operands = HostLayout.Monitor + 0x9000;
    private const ulong RealGdt = HostLayout.Monitor + 0xA000;

    private readonly HostMemory _memory;

    internal QemuBoot(HostMemory memory)
    {
        _memory = memory;
        memory.Word(Root + 0x1000) = (Root + 0x2000) | 7;
        memory.Word(Root + 0x2000) = HostLayout.Monitor | 0x83;
        new Descriptors(RealGdt).Write(memory.At(RealGdt, 4096), 0, 0, _ => 0);
        Pointer(0, Descriptors.GdtBytes - 1, RealGdt);
        WriteRealCode();
    }

    /// <summary>Gets the address of the loop that the code ends in.</summary>
    internal ulong End { get; private set; }

    /// <summary>Prepares to load a set of descriptor tables.</summary>
    /// <param name="target">The tables.</param>
    /// <param name="root">Root that maps them.</param>
    /// <param name="before">Root that the processor runs on now, or 0.</param>
    internal void Prepare(Descriptors target, ulong root, ulong before)
    {
        // Both the old tables, which selectors are looked up in until the new ones are loaded, and the new ones.
        for (uint offset = 8; offset < 4096; offset += 8)
        {
            ulong entry = _memory.Word(root + offset);
            _memory.Word(Root + offset) = (entry & 1) != 0 || before == 0 ? entry : _memory.Word(before + offset);
        }

        _memory.Word(Root) = (Root + 0x1000) | 7;
        Pointer(16, Descriptors.GdtBytes - 1, target.Gdt);
        Pointer(32, Descriptors.IdtBytes - 1, target.Idt);
        WriteLongCode(target);
    }

    private void Pointer(ulong offset, ushort limit, ulong address)
    {
        _ = BitConverter.TryWriteBytes(_memory.At(Operands + offset, 2), limit);
        _ = BitConverter.TryWriteBytes(_memory.At(Operands + offset + 2, 8), address);
    }

    private void WriteRealCode()
    {
        const uint featureRegister = 0xC000_0080;
        var c = new Assembler(16);
        c.lgdt(__dword_ptr[(int)Operands]);
        c.mov(eax, 0x20);
        c.mov(cr4, eax);
        c.mov(eax, (uint)Root);
        c.mov(cr3, eax);
        c.mov(ecx, featureRegister);
        c.mov(eax, 0x900);
        c.xor(edx, edx);
        c.wrmsr();
        c.mov(eax, unchecked((uint)ProcessorState.UsualCr0));
        c.mov(cr0, eax);
        c.AddInstruction(Instruction.CreateBranch(Iced.Intel.Code.Jmp_ptr1632, Descriptors.KernelCode, (uint)LongCode));
        _ = Run.Code.Assemble(c, RealCode, _memory.At(RealCode, 256));
    }

    private void WriteLongCode(Descriptors target)
    {
        const int typeOfTaskState = Descriptors.TaskState + 5;
        const sbyte notBusy = ~2;
        var c = new Assembler(64);
        Label end = c.CreateLabel();
        c.lgdt(__[Operands + 16]);
        c.lidt(__[Operands + 32]);
        c.mov(rbx, target.Gdt);
        c.and(__byte_ptr[rbx + typeOfTaskState], notBusy);
        c.mov(eax, Descriptors.TaskState);
        c.ltr(ax);
        c.mov(eax, Descriptors.KernelData);
        c.mov(ss, ax);
        c.mov(ds, ax);
        c.mov(es, ax);
        c.Label(ref end);
        c.jmp(end);
        End = Run.Code.Assemble(c, LongCode, _memory.At(LongCode, 256)).GetLabelRIP(end);
    }
}
