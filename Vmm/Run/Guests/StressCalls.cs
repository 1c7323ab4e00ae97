// Vmm.Run: the memory-stress kernel's calls: what processes ask it to do to their address spaces.
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Mmu.Vmm.Run.Guests;

/// <summary>Emits the calls. RCX is the number, RSI a page's number, RDI its address, RBP the kernel's data.</summary>
internal static class StressCalls
{
    internal const int Switch = 0;
    internal const int Share = 1;
    internal const int Unmap = 2;
    internal const int Swap = 3;
    internal const int Protect = 4;
    internal const int SplitOrMerge = 5;
    internal const int InvalidatePair = 6;
    internal const int Exit = 15;

    internal static void Emit(KernelCode kernel, StressLabels labels, StressOptions options)
    {
        Assembler c = kernel.Asm;
        (int Number, System.Action Body)[] calls =
        [
            (Switch, () => EmitSwitch(kernel, options)),
            (Share, () => EmitShare(kernel)),
            (Unmap, () => EmitUnmap(kernel)),
            (Swap, () => EmitSwap(kernel)),
            (Protect, () => EmitProtect(kernel, labels)),
            (SplitOrMerge, () => EmitSplitOrMerge(kernel)),
            (InvalidatePair, () => EmitInvalidatePair(kernel)),
            (Exit, () => EmitExit(kernel, options)),
        ];
        foreach ((int number, System.Action body) in calls)
        {
            Label other = c.CreateLabel();
            c.cmp(ecx, number);
            c.jne(other);
            body();
            c.jmp(labels.Done);
            c.Label(ref other);
        }

        // An instruction has one label only, and the caller sets the next.
        c.nop();
    }

    private static void EmitSwitch(KernelCode kernel, StressOptions options)
    {
        Assembler c = kernel.Asm;

        // The device learns how far the guest is.
        c.mov(rax, __[rbp + StressData.Faults]);
        c.mov(rbx, StressLayout.Linear + HostLayout.Device);
        c.mov(__[rbx], rax);

        Next(c, options);
        c.mov(__[rbp + StressData.Current], rax);
        c.mov(__[rbp + StressData.Record], rbx);
        c.mov(rcx, __[rbx + StressData.RecordTables]);
        c.mov(__[rbp + StressData.Tables], rcx);
        c.push(rbx);
        Next(c, options);
        c.mov(rcx, __[rbx + StressData.RecordTables]);
        c.mov(__[rbp + StressData.NextTables], rcx);
        c.pop(rbx);
        c.mov(rax, __[rbx + StressData.RecordCr3]);
        kernel.LoadCr3();
    }

    // Number and record of the process after the current one, in RAX and RBX.
    private static void Next(Assembler c, StressOptions options)
    {
        Label inside = c.CreateLabel();
        c.mov(rax, __[rbp + StressData.Current]);
        c.inc(rax);
        c.cmp(rax, options.Processes);
        c.jb(inside);
        c.xor(eax, eax);
        c.Label(ref inside);
        c.mov(rbx, rax);
        c.shl(rbx, 5);
        c.add(rbx, StressData.Records);
        c.add(rbx, rbp);
    }

    // Eight pages become copy-on-write here and in the next process.
    private static void EmitShare(KernelCode kernel)
    {
        Assembler c = kernel.Asm;
        Label next = c.CreateLabel();
        Label absent = c.CreateLabel();
        c.mov(rax, rsi);
        c.and(rax, ~7);
        c.shl(rax, 3);
        c.mov(rbx, __[rbp + StressData.Tables]);
        c.add(rbx, rax);
        c.mov(rdx, __[rbp + StressData.NextTables]);
        c.add(rdx, rax);
        c.mov(ecx, 8);
        c.Label(ref next);
        c.mov(rax, __[rbx]);
        c.test(al, 1);
        c.je(absent);
        c.and(rax, ~0x402);
        c.or(rax, 0x200);
        c.mov(__[rbx], rax);
        c.mov(__[rdx], rax);
        c.Label(ref absent);
        c.add(rbx, 8);
        c.add(rdx, 8);
        c.dec(ecx);
        c.jne(next);
        Reload(kernel);
    }

    private static void EmitUnmap(KernelCode kernel)
    {
        Assembler c = kernel.Asm;
        EntryOf(c);
        c.xor(eax, eax);
        c.mov(__[rbx], rax);
        c.mov(rax, rdi);
        kernel.Invalidate();
    }

    private static void EmitSwap(KernelCode kernel)
    {
        Assembler c = kernel.Asm;
        EntryOf(c);
        c.mov(rdx, rbx);
        c.xor(rdx, 8);
        c.mov(rax, __[rbx]);
        c.mov(rcx, __[rdx]);
        c.mov(__[rbx], rcx);
        c.mov(__[rdx], rax);
        EmitInvalidatePair(kernel);
    }

    // From writable to read-only, unless the page is copy-on-write already.
    private static void EmitProtect(KernelCode kernel, StressLabels labels)
    {
        Assembler c = kernel.Asm;
        EntryOf(c);
        c.mov(rax, __[rbx]);
        c.test(al, 1);
        c.je(labels.Done);
        c.test(eax, 0x200);
        c.jne(labels.Done);
        c.and(rax, ~2);
        c.or(rax, 0x400);
        c.mov(__[rbx], rax);
        c.mov(rax, rdi);
        kernel.Invalidate();
    }

    // A huge page becomes a table whose entries are swapped in pairs, and whole again the next time.
    private static void EmitSplitOrMerge(KernelCode kernel)
    {
        Assembler c = kernel.Asm;
        Label merge = c.CreateLabel();
        Label end = c.CreateLabel();
        c.mov(rdx, __[rbp + StressData.Record]);
        c.mov(rbx, __[rdx + StressData.RecordDirectory]);
        c.mov(rax, __[rbx + (256 * 8)]);
        c.test(al, 0x80);
        c.je(merge);
        c.mov(__[rdx + StressData.RecordHuge], rax);
        c.lea(rax, __[rbx + 0x2000]);
        c.mov(rcx, StressLayout.Linear);
        c.sub(rax, rcx);
        c.or(rax, 7);
        c.mov(__[rbx + (256 * 8)], rax);
        c.lea(rbx, __[rbx + 0x2000]);
        c.mov(rdx, rsi);
        c.and(rdx, 510);
        c.mov(rax, __[rbx + (rdx * 8)]);
        c.mov(rcx, __[rbx + (rdx * 8) + 8]);
        c.mov(__[rbx + (rdx * 8)], rcx);
        c.mov(__[rbx + (rdx * 8) + 8], rax);
        c.jmp(end);
        c.Label(ref merge);
        c.mov(rax, __[rdx + StressData.RecordHuge]);
        c.mov(__[rbx + (256 * 8)], rax);
        c.Label(ref end);
        Reload(kernel);
    }

    private static void EmitInvalidatePair(KernelCode kernel)
    {
        Assembler c = kernel.Asm;
        c.mov(rax, rdi);
        kernel.Invalidate();
        c.xor(rax, 0x1000);
        kernel.Invalidate();
    }

    // The sum of the faults, of what processes read, and of all entries of level 1 without their accessed bits, which may be set early.
    private static void EmitExit(KernelCode kernel, StressOptions options)
    {
        Assembler c = kernel.Asm;
        Label process = c.CreateLabel();
        Label entry = c.CreateLabel();
        c.mov(rax, __[rbp + StressData.Sum]);
        c.lea(rbx, __[rbp + StressData.Records]);
        c.mov(ecx, options.Processes);
        c.Label(ref process);
        c.mov(rsi, __[rbx + StressData.RecordTables]);
        c.mov(edi, options.Pages);
        c.Label(ref entry);
        c.mov(rdx, __[rsi]);
        c.and(rdx, ~0x20);
        c.rol(rax, 7);
        c.add(rax, rdx);
        c.add(rsi, 8);
        c.dec(edi);
        c.jne(entry);
        c.add(rbx, StressData.RecordBytes);
        c.dec(ecx);
        c.jne(process);
        c.add(rax, r9);
        kernel.Out(GuestPorts.Exit);
    }

    // The entry of the page, in RBX.
    private static void EntryOf(Assembler c)
    {
        c.mov(rbx, rsi);
        c.shl(rbx, 3);
        c.add(rbx, __[rbp + StressData.Tables]);
    }

    private static void Reload(KernelCode kernel)
    {
        Assembler c = kernel.Asm;
        c.mov(rbx, __[rbp + StressData.Record]);
        c.mov(rax, __[rbx + StressData.RecordCr3]);
        kernel.LoadCr3();
    }
}
