// Vmm.Run: the memory-stress kernel's page-fault handler.
using System;
using Iced.Intel;
using static Iced.Intel.Register;

namespace Mmu.Vmm.Run.Guests;

/// <summary>
/// Emits the page-fault handler: demand paging, copy-on-write, upgrades without INVLPG, accesses that are refused, the kernel's own that it
/// tries, and calls, which are user reads of a kernel page.
/// </summary>
internal static class StressFaults
{
    /// <summary>Bit of an entry: the page is shared until it is written.</summary>
    internal const int CopyOnWrite = 0x200;

    /// <summary>Bit of an entry: the page may be written once the kernel has been asked.</summary>
    internal const int ReadOnly = 0x400;

    // Registers on the stack, above the error code.
    private const int Saved = 5;

    /// <summary>The page whose first word a process reads to call the kernel.</summary>
    internal static ulong CallAddress(StressOptions options) => options.LinearOf(StressLayout.Data);

    internal static void Emit(KernelCode c, StressLabels labels, StressOptions options)
    {
        Assembler asm = c.Asm;
        Label refuse = asm.CreateLabel();
        Label call = asm.CreateLabel();
        Label kernel = asm.CreateLabel();

        foreach (Register register in (ReadOnlySpan<Register>)[EAX, ECX, EDX, EBX, EBP])
        {
            c.Push(register);
        }

        c.Set(EBP, options.LinearOf(StressLayout.Data));
        c.ReadCr2();
        c.Compare(EAX, EBP);
        asm.je(call);
        c.Load(EDX, ESP, (Saved + 2) * c.WordBytes);

        // From ring 3, or from the kernel's, which may be ring 1.
        c.Test(EDX, 2);
        c.Load(EDX, ESP, Saved * c.WordBytes);
        asm.je(kernel);
        c.Test(EAX, -1);
        asm.js(refuse);
        EmitPage(c, labels, refuse);
        EmitRefused(c, labels, refuse, kernel);
        EmitRoutines(c, labels, options);

        asm.Label(ref call);
        ResumeAt(c, StressLayout.Program);
        StressCalls.Emit(c, labels, options);
        asm.Label(ref labels.Done);
        foreach (Register register in (ReadOnlySpan<Register>)[EBP, EBX, EDX, ECX, EAX])
        {
            c.Pop(register);
        }

        c.Add(ESP, c.WordBytes);
        c.ReturnFromInterrupt();
    }

    // Changes ECX.
    private static void ResumeAt(KernelCode c, ulong address)
    {
        c.Set(ECX, address);
        StoreResume(c);
        c.Load(ECX, ESP, (Saved - 2) * c.WordBytes);
    }

    private static void StoreResume(KernelCode c) => c.Store(ESP, (Saved + 1) * c.WordBytes, ECX);

    private static void EmitRefused(KernelCode c, StressLabels labels, Label refuse, Label kernel)
    {
        Label mix = c.Asm.CreateLabel();
        c.Asm.Label(ref kernel);
        c.Load(ECX, EBP, StressData.Return);
        StoreResume(c);
        c.Asm.jmp(mix);

        c.Asm.Label(ref refuse);
        ResumeAt(c, StressLayout.Program);

        // Hypervisors that keep the kernel's half out of ring 3's tables report its pages as not present, and QEMU forgets P beside reserved bits.
        c.Asm.Label(ref mix);
        c.Or(EDX, 1);
        c.Add(EAX, EDX);
        c.Asm.call(labels.Mix);
        c.Asm.jmp(labels.Done);
    }

    // A fault of ring 3 at one of its pages: CR2 in EAX, the error code in EDX.
    private static void EmitPage(KernelCode c, StressLabels labels, Label refuse)
    {
        Assembler asm = c.Asm;
        Label demand = asm.CreateLabel();
        Label copy = asm.CreateLabel();
        Label upgrade = asm.CreateLabel();
        c.Move(EBX, EAX);
        c.Add(EBX, -(int)StressLayout.User);
        c.ShiftRight(EBX, 12);
        c.Scale(EBX);
        c.AddFrom(EBX, EBP, StressData.Tables);
        c.Load(ECX, EBX);
        c.Test(EDX, 1);
        asm.je(demand);
        c.Test(EDX, 0x10);
        asm.jne(refuse);
        c.Test(ECX, CopyOnWrite);
        asm.jne(copy);
        c.Test(ECX, ReadOnly);
        asm.jne(upgrade);
        asm.jmp(labels.Done);
        EmitMapped(c, labels, (demand, copy, upgrade));
    }

    // The entry's address in EBX, the entry in ECX.
    private static void EmitMapped(KernelCode c, StressLabels labels, (Label Demand, Label Copy, Label Upgrade) at)
    {
        Assembler asm = c.Asm;
        asm.Label(ref at.Demand);
        c.Test(ECX, 1);
        asm.jne(labels.Done);
        asm.call(labels.Mix);
        asm.call(labels.Allocate);
        c.StoreLeaf(EBX, EDX);
        asm.jmp(labels.Done);

        asm.Label(ref at.Copy);
        asm.call(labels.Mix);
        asm.call(labels.Allocate);
        asm.call(labels.CopyWords);
        c.StoreLeaf(EBX, EDX);
        c.Invalidate();
        asm.jmp(labels.Done);

        // From read-only to writable: the fault itself has dropped the old translation.
        asm.Label(ref at.Upgrade);
        asm.call(labels.Mix);
        c.Load(ECX, EBX);
        c.And(ECX, ~ReadOnly);
        c.Or(ECX, 2);
        c.Store(EBX, 0, ECX);
        asm.jmp(labels.Done);
    }

    private static void EmitRoutines(KernelCode c, StressLabels labels, StressOptions options)
    {
        // Adds EAX to the sum and counts a fault. Changes ECX.
        c.Asm.Label(ref labels.Mix);
        c.Load(ECX, EBP, StressData.Sum);
        c.RotateLeft(ECX, 7);
        c.Add(ECX, EAX);
        c.Store(EBP, StressData.Sum, ECX);
        c.Load(ECX, EBP, StressData.Faults);
        c.Increment(ECX);
        c.Store(EBP, StressData.Faults, ECX);
        c.Asm.ret();

        // The next frame of the pool, in EDX. Changes ECX.
        Label keep = c.Asm.CreateLabel();
        c.Asm.Label(ref labels.Allocate);
        c.Load(EDX, EBP, StressData.Cursor);
        c.AddressOf(ECX, EDX, 0x1000);
        c.Compare(ECX, (int)(HostLayout.GuestMemory + options.MemoryBytes));
        c.Asm.jb(keep);
        c.Set(ECX, HostLayout.GuestMemory + options.PoolOffset);
        c.Asm.Label(ref keep);
        c.Store(EBP, StressData.Cursor, ECX);
        c.Asm.ret();

        // The words that processes use, from the frame in the entry at EBX to the one in EDX. Changes ECX.
        c.Asm.Label(ref labels.CopyWords);
        c.Push(ESI);
        c.Push(EDI);
        c.Load(ESI, EBX);
        c.FrameOf(ESI);
        c.Set(EDI, options.Linear);
        c.Add(ESI, EDI);
        c.Add(EDI, EDX);
        for (int offset = 0; offset < 32; offset += c.WordBytes)
        {
            c.Load(ECX, ESI, offset);
            c.Store(EDI, offset, ECX);
        }

        c.Pop(EDI);
        c.Pop(ESI);
        c.Asm.ret();

        // Reads the word at EAX; if that faults, execution goes on at the RET.
        c.Asm.Label(ref labels.TryRead);
        c.Load(EAX, EAX);
        c.Asm.Label(ref labels.Return);
        c.Asm.ret();
    }
}
