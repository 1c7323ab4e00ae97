// Vmm.Run: the memory-stress kernel's start: enters the first process.
using System;
using Mmu.Vmm.Run.Processors;
using static Iced.Intel.Register;

namespace Mmu.Vmm.Run.Guests;

/// <summary>Emits the start of the memory-stress kernel.</summary>
internal static class StressBoot
{
    private const ulong Flags = 2;

    internal static void Emit(KernelCode c, StressOptions options)
    {
        c.Set(EBP, options.LinearOf(StressLayout.Data));
        c.Set(EAX, HostLayout.GuestMemory + options.PoolOffset);
        c.Store(EBP, StressData.Cursor, EAX);
        c.AddressOf(EBX, EBP, StressData.Records);
        c.Store(EBP, StressData.Record, EBX);
        c.Load(EAX, EBX, StressData.RecordTables);
        c.Store(EBP, StressData.Tables, EAX);
        c.Load(EAX, EBX, (options.Processes > 1 ? StressData.RecordBytes : 0) + StressData.RecordTables);
        c.Store(EBP, StressData.NextTables, EAX);
        c.Load(EAX, EBX, StressData.RecordCr3);
        c.LoadCr3();
        c.Set(EBP, (ulong)options.Seed);
        foreach (ulong word in (ReadOnlySpan<ulong>)[Descriptors.UserData, 0, Flags, Descriptors.UserCode, StressLayout.Program])
        {
            c.Set(EAX, word);
            c.Push(EAX);
        }

        c.ReturnFromInterrupt();
    }
}
