// Vmm.Run: the memory-stress kernel's start: builds the processes and enters the first.
using Iced.Intel;
using Mmu.Vmm.Run.Processors;
using static Iced.Intel.AssemblerRegisters;

namespace Mmu.Vmm.Run.Guests;

/// <summary>Emits the start of the memory-stress kernel.</summary>
internal static class StressBoot
{
    private const ulong NoExecute = 1UL << 63;

    internal static void Emit(KernelCode kernel, StressOptions options)
    {
        Assembler c = kernel.Asm;
        Label nextProcess = c.CreateLabel();
        c.mov(rbp, StressLayout.LinearOf(StressLayout.Data));
        c.mov(r8, StressLayout.LinearOf(StressLayout.Tables));
        c.mov(r9, HostLayout.GuestMemory + options.HugeOffset);
        c.mov(r10d, options.Processes);
        c.mov(r11, StressLayout.Linear);
        c.mov(r12, NoExecute);
        c.lea(rdi, __[rbp + StressData.Records]);

        c.Label(ref nextProcess);
        EmitUpperTables(c);
        EmitTables(c, options);
        EmitSplitTable(c);
        EmitRoot(c, options);
        c.mov(__[rdi + StressData.RecordCr3], rax);
        c.lea(rax, __[r8 + 0x5000]);
        c.mov(__[rdi + StressData.RecordTables], rax);
        c.lea(rax, __[r8 + 0x2000]);
        c.mov(__[rdi + StressData.RecordDirectory], rax);
        c.add(r8, (int)options.TableBytes);
        c.add(r9, 0x20_0000);
        c.add(rdi, StressData.RecordBytes);
        c.dec(r10d);
        c.jne(nextProcess);

        EmitFirstProcess(kernel, options);
    }

    private static void EmitFirstProcess(KernelCode kernel, StressOptions options)
    {
        Assembler c = kernel.Asm;
        c.mov(rax, HostLayout.GuestMemory + options.PoolOffset);
        c.mov(__[rbp + StressData.Cursor], rax);
        c.lea(rbx, __[rbp + StressData.Records]);
        c.mov(__[rbp + StressData.Record], rbx);
        c.mov(rax, __[rbx + StressData.RecordTables]);
        c.mov(__[rbp + StressData.Tables], rax);
        c.mov(rax, __[rbx + (options.Processes > 1 ? StressData.RecordBytes : 0) + StressData.RecordTables]);
        c.mov(__[rbp + StressData.NextTables], rax);
        c.mov(rax, __[rbx + StressData.RecordCr3]);
        kernel.LoadCr3();
        c.mov(eax, Descriptors.UserData);
        c.push(rax);
        c.xor(eax, eax);
        c.push(rax);
        c.mov(eax, 2);
        c.push(rax);
        c.mov(eax, Descriptors.UserCode);
        c.push(rax);
        c.mov(rax, StressLayout.Program);
        c.push(rax);
        c.iretq();
    }

    // Table of level 4 at R8, then those of level 3 and 2, the program's and the one for the split huge page.
    private static void EmitUpperTables(Assembler c)
    {
        c.mov(rbx, StressLayout.LinearOf(StressLayout.Root));
        c.mov(rax, __[rbx + 0x800]);
        c.mov(__[r8 + 0x800], rax);
        Link(c, 0x1000, 0);
        Link(c, 0x2000, 0x1000 + 8);
        Link(c, 0x3000, 0x2000 + (384 * 8));
        c.mov(rax, r9);
        c.or(rax, 0x87);
        c.or(rax, r12);
        c.mov(__[r8 + 0x2000 + (256 * 8)], rax);
        c.mov(rax, HostLayout.GuestMemory + StressLayout.UserCode + 5);
        c.mov(__[r8 + 0x3000], rax);
    }

    // The root's physical address, in RAX: the table of level 4, or the last page, whose entries for both halves name that table.
    private static void EmitRoot(Assembler c, StressOptions options)
    {
        if (!options.FiveLevels)
        {
            c.mov(rax, r8);
            c.sub(rax, r11);
            return;
        }

        int root = (int)options.TableBytes - 0x1000;
        Link(c, 0, root);
        Link(c, 0, root + (511 * 8));
        c.lea(rax, __[r8 + root]);
        c.sub(rax, r11);
    }

    private static void Link(Assembler c, int table, int entry)
    {
        c.lea(rax, __[r8 + table]);
        c.sub(rax, r11);
        c.or(rax, 7);
        c.mov(__[r8 + entry], rax);
    }

    // Each table of level 1 is linked, and mapped behind the program: the process may edit its own tables.
    private static void EmitTables(Assembler c, StressOptions options)
    {
        Label next = c.CreateLabel();
        c.lea(rbx, __[r8 + 0x2000]);
        c.lea(rdx, __[r8 + 0x3008]);
        c.lea(rax, __[r8 + 0x5000]);
        c.sub(rax, r11);
        c.or(rax, 7);
        c.mov(ecx, options.Tables);
        c.Label(ref next);
        c.mov(__[rbx], rax);
        c.mov(rsi, rax);
        c.or(rsi, r12);
        c.mov(__[rdx], rsi);
        c.add(rax, 0x1000);
        c.add(rbx, 8);
        c.add(rdx, 8);
        c.dec(ecx);
        c.jne(next);
    }

    private static void EmitSplitTable(Assembler c)
    {
        Label next = c.CreateLabel();
        c.lea(rbx, __[r8 + 0x4000]);
        c.mov(rax, r9);
        c.or(rax, 7);
        c.or(rax, r12);
        c.mov(ecx, 512);
        c.Label(ref next);
        c.mov(__[rbx], rax);
        c.add(rax, 0x1000);
        c.add(rbx, 8);
        c.dec(ecx);
        c.jne(next);
    }
}
