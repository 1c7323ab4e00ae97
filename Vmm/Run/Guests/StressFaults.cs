// Vmm.Run: the memory-stress kernel's page-fault handler.
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Mmu.Vmm.Run.Guests;

/// <summary>
/// Emits the page-fault handler: demand paging, copy-on-write, upgrades without INVLPG, accesses that are refused, and calls, which are
/// user reads of a kernel page.
/// </summary>
internal static class StressFaults
{
    /// <summary>The page whose first word a process reads to call the kernel.</summary>
    internal static readonly ulong CallAddress = StressLayout.LinearOf(StressLayout.Data);

    private const int ErrorOffset = 40;
    private const int RipOffset = 48;
    private const int CopyOnWrite = 0x200;
    private const int ReadOnly = 0x400;

    internal static void Emit(KernelCode kernel, StressOptions options)
    {
        Assembler c = kernel.Asm;
        var labels = new StressLabels(c);
        Label refuse = c.CreateLabel();
        Label demand = c.CreateLabel();
        Label copy = c.CreateLabel();
        Label upgrade = c.CreateLabel();
        Label call = c.CreateLabel();

        Save(c);
        c.mov(rbp, StressLayout.LinearOf(StressLayout.Data));
        c.mov(rax, cr2);
        c.cmp(rax, rbp);
        c.je(call);
        c.mov(rdx, __[rsp + ErrorOffset]);
        c.test(rax, rax);
        c.js(refuse);
        c.mov(rbx, rax);
        c.sub(rbx, (int)StressLayout.User);
        c.shr(rbx, 12);
        c.shl(rbx, 3);
        c.add(rbx, __[rbp + StressData.Tables]);
        c.mov(rcx, __[rbx]);
        c.test(dl, 1);
        c.je(demand);
        c.test(dl, 0x10);
        c.jne(refuse);
        c.test(ecx, CopyOnWrite);
        c.jne(copy);
        c.test(ecx, ReadOnly);
        c.jne(upgrade);
        c.jmp(labels.Done);

        EmitHandlers(kernel, labels, (refuse, demand, copy, upgrade));
        EmitRoutines(c, labels, options);

        c.Label(ref call);
        c.mov(__[rsp + RipOffset], r15);
        StressCalls.Emit(kernel, labels, options);
        c.Label(ref labels.Done);
        Return(c);
    }

    private static void Save(Assembler c)
    {
        c.push(rax);
        c.push(rcx);
        c.push(rdx);
        c.push(rbx);
        c.push(rbp);
    }

    private static void Return(Assembler c)
    {
        c.pop(rbp);
        c.pop(rbx);
        c.pop(rdx);
        c.pop(rcx);
        c.pop(rax);
        c.add(rsp, 8);
        c.iretq();
    }

    private static void EmitHandlers(KernelCode kernel, StressLabels labels, (Label Refuse, Label Demand, Label Copy, Label Upgrade) at)
    {
        Assembler c = kernel.Asm;
        c.Label(ref at.Refuse);
        c.mov(__[rsp + RipOffset], r15);

        // Hypervisors that keep the kernel's half out of ring 3's tables report its pages as not present.
        c.or(edx, 1);
        c.add(rax, rdx);
        c.call(labels.Mix);
        c.jmp(labels.Done);

        c.Label(ref at.Demand);
        c.test(cl, 1);
        c.jne(labels.Done);
        c.call(labels.Mix);
        c.call(labels.Allocate);
        c.mov(rcx, 1UL << 63);
        c.or(rcx, rdx);
        c.or(rcx, 7);
        c.mov(__[rbx], rcx);
        c.jmp(labels.Done);

        c.Label(ref at.Copy);
        c.call(labels.Mix);
        c.call(labels.Allocate);
        CopyWords(c);
        c.mov(rcx, 1UL << 63);
        c.or(rcx, rdx);
        c.or(rcx, 7);
        c.mov(__[rbx], rcx);
        kernel.Invalidate();
        c.jmp(labels.Done);

        // From read-only to writable: the fault itself has dropped the old translation.
        c.Label(ref at.Upgrade);
        c.call(labels.Mix);
        c.mov(rcx, __[rbx]);
        c.and(rcx, ~ReadOnly);
        c.or(rcx, 2);
        c.mov(__[rbx], rcx);
        c.jmp(labels.Done);
    }

    // The words that processes use, from the frame in the entry at RBX to the one in RDX. RAX stays.
    private static void CopyWords(Assembler c)
    {
        c.push(rsi);
        c.push(rdi);
        c.mov(rsi, __[rbx]);
        c.shl(rsi, 12);
        c.shr(rsi, 24);
        c.shl(rsi, 12);
        c.mov(rdi, StressLayout.Linear);
        c.add(rsi, rdi);
        c.add(rdi, rdx);
        for (int word = 0; word < 4; word++)
        {
            c.mov(rcx, __[rsi + (word * 8)]);
            c.mov(__[rdi + (word * 8)], rcx);
        }

        c.pop(rdi);
        c.pop(rsi);
    }

    private static void EmitRoutines(Assembler c, StressLabels labels, StressOptions options)
    {
        // Adds RAX to the sum and counts a fault. Changes RCX.
        c.Label(ref labels.Mix);
        c.mov(rcx, __[rbp + StressData.Sum]);
        c.rol(rcx, 7);
        c.add(rcx, rax);
        c.mov(__[rbp + StressData.Sum], rcx);
        c.mov(rcx, __[rbp + StressData.Faults]);
        c.inc(rcx);
        c.mov(__[rbp + StressData.Faults], rcx);
        c.ret();

        // The next frame of the pool, in RDX. Changes RCX.
        Label keep = c.CreateLabel();
        c.Label(ref labels.Allocate);
        c.mov(rdx, __[rbp + StressData.Cursor]);
        c.lea(rcx, __[rdx + 0x1000]);
        c.cmp(rcx, (int)(HostLayout.GuestMemory + options.MemoryBytes));
        c.jb(keep);
        c.mov(rcx, HostLayout.GuestMemory + options.PoolOffset);
        c.Label(ref keep);
        c.mov(__[rbp + StressData.Cursor], rcx);
        c.ret();
    }
}
