// Vmm.Run: the memory-stress kernel's calls: what processes ask it to do to their address spaces.
using System;
using Iced.Intel;
using static Iced.Intel.Register;

namespace Mmu.Vmm.Run.Guests;

/// <summary>Emits the calls. ECX is the number, ESI a page's number, EDI its address, EBP the kernel's data.</summary>
internal static class StressCalls
{
    internal const int Switch = 0;
    internal const int Share = 1;
    internal const int Unmap = 2;
    internal const int Swap = 3;
    internal const int Protect = 4;
    internal const int SplitOrMerge = 5;
    internal const int InvalidatePair = 6;
    internal const int WriteReadOnly = 7;
    internal const int FlushGlobal = 8;
    internal const int Controls = 9;
    internal const int Exit = 15;

    internal static void Emit(KernelCode c, StressLabels labels, StressOptions options)
    {
        (int Number, Action Body)[] calls =
        [
            (Switch, () => EmitSwitch(c, options)),
            (Share, () => EmitShare(c)),
            (Unmap, () => EmitUnmap(c)),
            (Swap, () => EmitSwap(c)),
            (Protect, () => EmitProtect(c, labels)),
            (SplitOrMerge, () => EmitSplitOrMerge(c, options)),
            (InvalidatePair, () => EmitInvalidatePair(c)),
            (WriteReadOnly, () => StressControls.EmitWriteReadOnly(c, labels)),
            (FlushGlobal, () => StressControls.EmitFlushGlobal(c, options)),
            (Controls, () => StressControls.EmitControls(c, labels, options)),
            (Exit, () => EmitEnding(c, options)),
        ];
        foreach ((int number, Action body) in calls)
        {
            Label other = c.Asm.CreateLabel();
            c.Compare(ECX, number);
            c.Asm.jne(other);
            body();
            c.Asm.jmp(labels.Done);
            c.Asm.Label(ref other);
        }

        // An instruction has one label only, and the caller sets the next.
        c.Asm.nop();
    }

    /// <summary>The address of the page's entry, in EBX.</summary>
    internal static void EntryOf(KernelCode c)
    {
        c.Move(EBX, ESI);
        c.Scale(EBX);
        c.AddFrom(EBX, EBP, StressData.Tables);
    }

    /// <summary>Loads the CR3 that is in force. Changes EAX and EBX.</summary>
    internal static void Reload(KernelCode c)
    {
        c.Load(EBX, EBP, StressData.Record);
        c.Load(EAX, EBX, StressData.RecordCr3);
        c.LoadCr3();
    }

    private static void EmitSwitch(KernelCode c, StressOptions options)
    {
        // The device learns how far the guest is.
        c.Load(EAX, EBP, StressData.Faults);
        c.Set(EBX, options.Linear + (HostLayout.Device & (options.HugeBytes - 1)));
        c.Store(EBX, 0, EAX);

        Next(c, options);
        c.Store(EBP, StressData.Current, EAX);
        c.Store(EBP, StressData.Record, EBX);
        c.Load(ECX, EBX, StressData.RecordTables);
        c.Store(EBP, StressData.Tables, ECX);
        Next(c, options);
        c.Load(ECX, EBX, StressData.RecordTables);
        c.Store(EBP, StressData.NextTables, ECX);
        Reload(c);
    }

    // Number and record of the process after the current one, in EAX and EBX.
    private static void Next(KernelCode c, StressOptions options)
    {
        Label inside = c.Asm.CreateLabel();
        c.Load(EAX, EBP, StressData.Current);
        c.Increment(EAX);
        c.Compare(EAX, options.Processes);
        c.Asm.jb(inside);
        c.Set(EAX, 0);
        c.Asm.Label(ref inside);
        c.Move(EBX, EAX);
        c.ShiftLeft(EBX, 5);
        c.Add(EBX, StressData.Records);
        c.Add(EBX, EBP);
    }

    // Eight pages become copy-on-write here and in the next process.
    private static void EmitShare(KernelCode c)
    {
        Label next = c.Asm.CreateLabel();
        Label absent = c.Asm.CreateLabel();
        c.Move(EAX, ESI);
        c.And(EAX, ~7);
        c.Scale(EAX);
        c.Load(EBX, EBP, StressData.Tables);
        c.Add(EBX, EAX);
        c.Load(EDX, EBP, StressData.NextTables);
        c.Add(EDX, EAX);
        c.Set(ECX, 8);
        c.Asm.Label(ref next);
        c.Load(EAX, EBX);
        c.Test(EAX, 1);
        c.Asm.je(absent);
        c.CopyHigh(EBX, 0, EDX, 0);
        c.Load(EAX, EBX);
        c.And(EAX, ~(StressFaults.ReadOnly | 2));
        c.Or(EAX, StressFaults.CopyOnWrite);
        c.Store(EBX, 0, EAX);
        c.Store(EDX, 0, EAX);
        c.Asm.Label(ref absent);
        c.Add(EBX, c.Mode.EntryBytes);
        c.Add(EDX, c.Mode.EntryBytes);
        c.Decrement(ECX);
        c.Asm.jne(next);
        Reload(c);
    }

    private static void EmitUnmap(KernelCode c)
    {
        EntryOf(c);
        c.Clear(EBX);
        c.Move(EAX, EDI);
        c.Invalidate();
    }

    private static void EmitSwap(KernelCode c)
    {
        EntryOf(c);
        c.Move(EDX, EBX);
        c.Xor(EDX, c.Mode.EntryBytes);
        c.Exchange(EBX, EDX);
        EmitInvalidatePair(c);
    }

    // From writable to read-only, unless the page is copy-on-write already.
    private static void EmitProtect(KernelCode c, StressLabels labels)
    {
        EntryOf(c);
        c.Load(EAX, EBX);
        c.Test(EAX, 1);
        c.Asm.je(labels.Done);
        c.Test(EAX, StressFaults.CopyOnWrite);
        c.Asm.jne(labels.Done);
        c.And(EAX, ~2);
        c.Or(EAX, StressFaults.ReadOnly);
        c.Store(EBX, 0, EAX);
        c.Move(EAX, EDI);
        c.Invalidate();
    }

    // A huge page becomes a table, two of whose entries change places each time, and whole again the next time.
    private static void EmitSplitOrMerge(KernelCode c, StressOptions options)
    {
        Label merge = c.Asm.CreateLabel();
        Label end = c.Asm.CreateLabel();
        c.Load(EDX, EBP, StressData.Record);
        c.Load(EBX, EDX, StressData.RecordHugeEntry);
        c.Load(EAX, EBX);
        c.Test(EAX, 0x80);
        c.Asm.je(merge);
        c.Copy(EBX, 0, EDX, StressData.RecordHuge);
        c.Load(EAX, EDX, StressData.RecordTables);
        c.Add(EAX, -4096);
        c.Move(EDX, EAX);
        c.Set(ECX, options.Linear);
        c.Subtract(EAX, ECX);
        c.StoreTable(EBX);
        c.Move(EBX, ESI);
        c.And(EBX, options.EntriesPerTable - 2);
        c.Scale(EBX);
        c.Add(EBX, EDX);
        c.AddressOf(EDX, EBX, c.Mode.EntryBytes);
        c.Exchange(EBX, EDX);
        c.Asm.jmp(end);
        c.Asm.Label(ref merge);
        c.Copy(EDX, StressData.RecordHuge, EBX, 0);
        c.Asm.Label(ref end);
        Reload(c);
    }

    private static void EmitInvalidatePair(KernelCode c)
    {
        c.Move(EAX, EDI);
        c.Invalidate();
        c.Xor(EAX, 0x1000);
        c.Invalidate();
    }

    private static void EmitEnding(KernelCode c, StressOptions options)
    {
        switch (options.Ending)
        {
            case StressEnding.Hang:
                Label here = c.Asm.CreateLabel();
                c.Asm.Label(ref here);
                c.Asm.jmp(here);
                break;
            case StressEnding.TripleFault:
                c.Set(EAX, options.Cr4 & ~ControlBits.GlobalPages);
                c.LoadCr4();
                c.Set(EAX, HostLayout.GuestMemory + StressLayout.EmptyRoot);
                c.LoadCr3();
                break;
            default:
                EmitExit(c, options);
                break;
        }
    }

    // The sum of the faults, of what the program read, and of all entries for pages.
    private static void EmitExit(KernelCode c, StressOptions options)
    {
        Label process = c.Asm.CreateLabel();
        Label entry = c.Asm.CreateLabel();
        c.Load(EAX, EBP, StressData.Sum);
        c.AddressOf(EBX, EBP, StressData.Records);
        c.Set(ECX, (ulong)options.Processes);
        c.Asm.Label(ref process);
        c.Load(ESI, EBX, StressData.RecordTables);
        c.Set(EDI, (ulong)options.Pages);
        c.Asm.Label(ref entry);
        c.AddEntry(ESI);
        c.Add(ESI, c.Mode.EntryBytes);
        c.Decrement(EDI);
        c.Asm.jne(entry);
        c.Add(EBX, StressData.RecordBytes);
        c.Decrement(ECX);
        c.Asm.jne(process);
        c.Set(EBX, options.LinearOf(StressLayout.UserData));
        c.AddFrom(EAX, EBX, StressData.ProgramSum);
        c.Out(GuestPorts.Exit);
    }
}
