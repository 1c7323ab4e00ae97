// Vmm.Run: the work of `mmu run --tables`: the guest natively, and the same guest behind nested tables.
using System;
using System.Diagnostics;
using System.IO;
using Mmu.Common;
using Mmu.Vmm.Run.Guests;
using Mmu.Vmm.Run.Processors;
using Mmu.Vmm.Run.Processors.Model;

namespace Mmu.Vmm.Run;

/// <summary>Runs the memory-stress guest on the model, without nested tables and with those of the TDP MMU, and compares the checksums.</summary>
internal static class NestedRun
{
    /// <summary>Runs and reports.</summary>
    /// <returns>True if both checksums are the same.</returns>
    internal static bool Run(RunOptions options, TdpFormat format, RunMode mode, TextWriter output)
    {
        StressOptions guest = options.Guest with { Mode = mode };
        using HostMemory memory = HostMemory.Create(guest.MemoryBytes, shared: false);
        using ModelProcessor processor = new(memory) { MostInstructions = options.Instructions };
        guest = guest with { Features = processor.Features };
        ulong expected = Once(processor, memory, HostLayout.GuestMemory, guest, options.Timeout);
        output.WriteLine($"native checksum: 0x{expected:x16}");

        using NestedMachine machine = new(memory, processor, new TdpOptions { Format = format, Levels = mode == RunMode.Long5 ? 5 : 4 });
        processor.Nesting = machine;
        ulong found = Once(processor, memory, HostLayout.ShadowedMemory(guest.MemoryBytes), guest, options.Timeout);
        machine.Stop();
        output.WriteLine($"nested checksum: 0x{found:x16}");
        output.WriteLine(found == expected ? "the checksums are equal" : "THE CHECKSUMS DIFFER");
        Report(machine, output);
        return found == expected;
    }

    // The same build of the guest both times: nothing has to be announced.
    private static ulong Once(ModelProcessor processor, HostMemory memory, ulong at, StressOptions options, TimeSpan timeout)
    {
        var guest = new StressGuest(options, announces: false);
        ProcessorState start = guest.Place(memory.At(at, (int)options.MemoryBytes));
        return NativeRunner.Run(processor, guest, start, timeout);
    }

    private static void Report(NestedMachine machine, TextWriter output)
    {
        MmuStatistics statistics = machine.Vm.GetStatistics();
        foreach (FaultOutcome outcome in Enum.GetValues<FaultOutcome>())
        {
            if (machine.Outcomes[(int)outcome] != 0)
            {
                output.WriteLine($"  {$"violations: {outcome}",-24} {machine.Outcomes[(int)outcome]:n0}");
            }
        }

        double average = machine.Ticks * (1e6 / Stopwatch.Frequency) / Math.Max(1, machine.Violations);
        output.WriteLine($"  {"inside the MMU",-24} {average:n2} µs a violation, {machine.Flushes:n0} flushes");
        output.WriteLine(
            $"  {"nested tables",-24} {statistics.Tables:n0}; {statistics.Pages4K:n0} pages of 4 KiB, {statistics.Pages2M:n0} of 2 MiB, {statistics.Pages1G:n0} of 1 GiB");
    }
}
