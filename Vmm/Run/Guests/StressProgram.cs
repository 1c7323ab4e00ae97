// Vmm.Run: the memory-stress guest's program in ring 3.
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Mmu.Vmm.Run.Guests;

/// <summary>
/// Emits the program. Each step reads and writes a page and a place in the huge page, chosen at random; some call the kernel, edit the
/// program's own page tables, run data or read what is the kernel's.
/// </summary>
internal static class StressProgram
{
    private const int CopyNeighbour = 7;
    private const int RunData = 8;
    private const int ReadKernel = 9;
    private const int Choices = 64;

    internal static void Emit(Assembler c, StressOptions options)
    {
        Label step = c.CreateLabel();
        Label next = c.CreateLabel();
        Label forever = c.CreateLabel();
        c.mov(r8, (ulong)options.Seed);
        c.mov(r10d, options.Steps);
        c.mov(r11, StressLayout.User);
        c.mov(r12, StressLayout.Huge);
        c.mov(r13, 6364136223846793005UL);
        c.mov(r14, StressFaults.CallAddress);
        c.xor(r9d, r9d);

        c.Label(ref step);
        c.imul(r8, r13);
        c.add(r8, 0x3039);
        EmitAccesses(c, options);
        EmitChoice(c, next);
        c.Label(ref next);
        c.dec(r10d);
        c.jne(step);
        c.mov(ecx, StressCalls.Exit);
        c.mov(rax, __[r14]);
        c.Label(ref forever);
        c.jmp(forever);
    }

    private static void EmitAccesses(Assembler c, StressOptions options)
    {
        Label readOnly = c.CreateLabel();
        Label hugeReadOnly = c.CreateLabel();
        c.mov(rsi, r8);
        c.shr(rsi, 33);
        c.and(esi, options.Pages - 1);
        c.mov(rdi, rsi);
        c.shl(rdi, 12);
        c.add(rdi, r11);
        c.mov(rbx, r8);
        c.shr(rbx, 20);
        c.rol(r9, 5);
        c.add(r9, __[rdi + 8]);
        c.test(bl, 1);
        c.je(readOnly);
        c.mov(__[rdi + 8], r9);
        c.Label(ref readOnly);
        c.mov(rax, r8);
        c.shr(rax, 13);
        c.and(eax, 0x1F_FFC0);
        c.add(rax, r12);
        c.add(r9, __[rax]);
        c.test(bl, 2);
        c.je(hugeReadOnly);
        c.mov(__[rax], r9);
        c.Label(ref hugeReadOnly);
    }

    private static void EmitChoice(Assembler c, Label next)
    {
        Label call = c.CreateLabel();
        Label copy = c.CreateLabel();
        Label run = c.CreateLabel();
        Label readKernel = c.CreateLabel();
        c.mov(rcx, r8);
        c.shr(rcx, 44);
        c.and(ecx, Choices - 1);
        c.cmp(ecx, ReadKernel);
        c.ja(next);
        c.lea(r15, __[next]);
        c.mov(rbx, StressLayout.Program + 0x1000);
        c.lea(rbx, __[rbx + (rsi * 8)]);
        c.mov(rdx, rbx);
        c.xor(rdx, 8);
        c.cmp(ecx, ReadKernel);
        c.je(readKernel);
        c.cmp(ecx, RunData);
        c.je(run);
        c.cmp(ecx, CopyNeighbour);
        c.je(copy);
        c.cmp(ecx, StressCalls.InvalidatePair);
        c.jne(call);

        // Swaps two pages in its own table; the kernel invalidates.
        c.mov(rax, __[rbx]);
        c.mov(rbp, __[rdx]);
        c.mov(__[rbx], rbp);
        c.mov(__[rdx], rax);
        c.Label(ref call);
        c.mov(rax, __[r14]);

        // A page that is absent becomes what its neighbour is: needs no INVLPG.
        c.Label(ref copy);
        c.mov(rax, __[rbx]);
        c.test(rax, rax);
        c.jne(next);
        c.mov(rax, __[rdx]);
        c.mov(__[rbx], rax);
        c.jmp(next);
        c.Label(ref readKernel);
        c.mov(rax, __[r14 + 8]);
        c.Label(ref run);
        c.jmp(rdi);
    }
}
