// Vmm.Run: runs a guest on its own page tables.
using System;
using Mmu.Vmm.Run.Guests;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Vmm.Run;

/// <summary>Runs the guest natively: its tables are the processor's, nothing is in between.</summary>
internal static class NativeRunner
{
    /// <summary>Runs a guest to its end.</summary>
    /// <returns>Its checksum.</returns>
    internal static ulong Run(IProcessor processor, StressGuest guest, in ProcessorState start, TimeSpan budget)
    {
        processor.Start(start, guest.Ports);
        var clock = new Budget(budget);
        while (true)
        {
            RunEvent found = processor.Run(clock.Left("natively"));
            switch (found.Kind)
            {
                case RunEventKind.Port when found.Port == GuestPorts.Exit:
                    return processor.Registers[CpuRegisters.Rax];
                case RunEventKind.Mmio:
                    break;
                case RunEventKind.OutOfTime:
                    clock.Fail("natively");
                    break;
                default:
                    string why = found.Detail ?? $"OUT to port 0x{found.Port:x}";
                    throw new GuestException($"the native guest cannot go on at 0x{processor.Registers.Rip:x}: {why}");
            }
        }
    }
}
