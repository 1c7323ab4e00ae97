// Vmm.Run: the memory-stress guest's program in ring 3.
using Iced.Intel;
using static Iced.Intel.Register;

namespace Mmu.Vmm.Run.Guests;

/// <summary>
/// Emits the program. Each step reads and writes a page and a place in the huge page, chosen at random; some call the kernel, edit the
/// program's own page tables, run data or read what is the kernel's. EBP is the state of its random numbers.
/// </summary>
internal static class StressProgram
{
    private const int CopyNeighbour = 10;
    private const int RunForbidden = 11;
    private const int ReadKernel = 12;
    private const int Choices = 64;
    private const int Word = 8;

    internal static void Emit(EntryCode c, StressOptions options)
    {
        Assembler asm = c.Asm;
        Label start = asm.CreateLabel();
        Label step = asm.CreateLabel();
        Label forever = asm.CreateLabel();
        asm.Label(ref start);
        c.Set(EDX, StressLayout.ProgramData);
        c.Load(EAX, EDX, StressData.ProgramSteps);
        c.Decrement(EAX);
        c.Store(EDX, StressData.ProgramSteps, EAX);
        asm.jne(step);
        c.Set(ECX, StressCalls.Exit);
        Call(c, options);
        asm.Label(ref forever);
        asm.jmp(forever);

        asm.Label(ref step);
        EmitAccesses(c, options);
        EmitChoice(c, options, start);
    }

    private static void Call(EntryCode c, StressOptions options)
    {
        c.Set(EAX, StressFaults.CallAddress(options));
        c.Load(EAX, EAX);
    }

    // The low half of the state is the same in 64-bit and 32-bit mode.
    private static void Draw(EntryCode c)
    {
        c.Set(EAX, 1664525);
        c.Multiply(EBP, EAX);
        c.Add(EBP, 1013904223);
    }

    private static void EmitAccesses(EntryCode c, StressOptions options)
    {
        Label readOnly = c.Asm.CreateLabel();
        Label hugeReadOnly = c.Asm.CreateLabel();
        Draw(c);
        c.Move(ESI, EBP);
        c.ShiftRight(ESI, 16);
        c.And(ESI, options.Pages - 1);
        c.Move(EDI, ESI);
        c.ShiftLeft(EDI, 12);
        c.Add(EDI, (int)StressLayout.User);
        Draw(c);
        c.Load(EAX, EDX, StressData.ProgramSum);
        c.RotateLeft(EAX, 5);
        c.AddFrom(EAX, EDI, Word);
        c.Test(EBP, 1 << 13);
        c.Asm.je(readOnly);
        c.Store(EDI, Word, EAX);
        c.Asm.Label(ref readOnly);
        c.Move(ECX, EBP);
        c.ShiftRight(ECX, 10);
        c.And(ECX, (int)(options.HugeBytes - 64));
        c.Add(ECX, (int)StressLayout.Huge);
        c.AddFrom(EAX, ECX, 0);
        c.Test(EBP, 1 << 14);
        c.Asm.je(hugeReadOnly);
        c.Store(ECX, 0, EAX);
        c.Asm.Label(ref hugeReadOnly);
        c.Store(EDX, StressData.ProgramSum, EAX);
    }

    private static void EmitChoice(EntryCode c, StressOptions options, Label start)
    {
        Assembler asm = c.Asm;
        Label call = asm.CreateLabel();
        Label copy = asm.CreateLabel();
        Label run = asm.CreateLabel();
        Label readKernel = asm.CreateLabel();
        Draw(c);
        c.Move(ECX, EBP);
        c.ShiftRight(ECX, 24);
        c.And(ECX, Choices - 1);
        c.Compare(ECX, ReadKernel);
        asm.ja(start);
        c.Move(EBX, ESI);
        c.Scale(EBX);
        c.Add(EBX, (int)StressLayout.OwnTables);
        c.Move(EDX, EBX);
        c.Xor(EDX, options.Mode.EntryBytes);
        c.Compare(ECX, ReadKernel);
        asm.je(readKernel);
        c.Compare(ECX, RunForbidden);
        asm.je(run);
        c.Compare(ECX, CopyNeighbour);
        asm.je(copy);
        c.Compare(ECX, StressCalls.InvalidatePair);
        asm.jne(call);

        // Swaps two pages in its own table; the kernel invalidates.
        c.Exchange(EBX, EDX);
        c.Set(ECX, StressCalls.InvalidatePair);
        asm.Label(ref call);
        Call(c, options);

        // A page that is absent becomes what its neighbour is: needs no INVLPG.
        asm.Label(ref copy);
        c.Load(EAX, EBX);
        c.Test(EAX, -1);
        asm.jne(start);
        c.Copy(EDX, 0, EBX, 0);
        asm.jmp(start);
        EmitForbidden(c, options, run, readKernel);
    }

    private static void EmitForbidden(EntryCode c, StressOptions options, Label run, Label readKernel)
    {
        c.Asm.Label(ref readKernel);
        c.Set(EAX, StressFaults.CallAddress(options) + Word);
        c.Load(EAX, EAX);

        // Data, which without NX would run: then the kernel's.
        c.Asm.Label(ref run);
        if (options.Mode.EntryBytes < 8)
        {
            c.Set(EDI, StressFaults.CallAddress(options) + Word);
        }

        c.Jump(EDI);
    }
}
