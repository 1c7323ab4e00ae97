// Vmm.Run: the work of `mmu run`: the guest natively, the guest on shadow tables, and what that took.
using System;
using System.Diagnostics;
using System.IO;
using Mmu.Common;
using Mmu.Vmm.Images;
using Mmu.Vmm.Run.Guests;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Vmm.Run;

/// <summary>Runs the memory-stress guest twice on one processor and compares the checksums.</summary>
internal sealed class GuestRun
{
    // The kernel's map of memory is one table of huge pages, which ends at 1 GiB.
    private const ulong MostMemory = (1UL << 30) - HostLayout.GuestMemory;

    private readonly TextWriter _output;
    private readonly Progress _progress;

    internal GuestRun(TextWriter output, Progress progress)
    {
        _output = output;
        _progress = progress;
    }

    /// <summary>Runs and reports.</summary>
    /// <returns>True if both checksums are the same.</returns>
    internal bool Run(RunOptions options, ProcessorKind kind, RunMode mode)
    {
        StressOptions guest = options.Guest with { Mode = mode };
        if (guest.MemoryBytes > MostMemory)
        {
            throw new InputException(
                $"the guest needs {guest.MemoryBytes >> 20} MiB; it can have {MostMemory >> 20} MiB: ask for fewer processes or pages");
        }

        using Bench bench = Bench.Create(kind, guest.MemoryBytes, mode, options.Instructions);
        guest = guest with { Features = bench.Processor.Features };
        _output.WriteLine($"flush: {bench.DescribeFlush()}");
        _output.WriteLine(
            $"guest: {guest.Processes} address spaces of {guest.Pages} pages, {guest.Steps} steps, {guest.MemoryBytes >> 20} MiB");
        _output.Flush();
        _progress.Show("natively");
        var clock = Stopwatch.StartNew();
        var native = new StressGuest(guest, announces: false);
        ProcessorState start = native.Place(bench.Memory.At(HostLayout.GuestMemory, (int)guest.MemoryBytes));
        bench.Processor.Flush(FlushRegion.Guests, bench.Processor.FlushMethods[^1]);
        ulong expected = NativeRunner.Run(bench.Processor, native, start, options.Timeout);
        _output.WriteLine($"native checksum:   0x{expected:x16} in {clock.Elapsed.TotalMilliseconds:n0} ms");

        clock.Restart();
        var shadowed = new StressGuest(guest, announces: true);
        start = shadowed.Place(bench.Memory.At(HostLayout.ShadowedMemory(guest.MemoryBytes), (int)guest.MemoryBytes));
        using var machine = new ShadowMachine(bench.Memory, bench.Processor, bench.Window, bench.Flush);
        using RunRecorder? recorder = options.Record is { } path ? Record(path, bench, machine, guest) : null;
        machine.Recorder = recorder;
        machine.Start(start, shadowed.Ports);
        var runner = new ShadowRunner(
            machine, bench.Processor, shadowed.Descriptors, faults => _progress.Show($"on shadow tables: {faults:n0} faults of the guest's own"));
        ulong found = Run(runner, options.Timeout, recorder);
        _progress.Clear();
        _output.WriteLine($"shadowed checksum: 0x{found:x16} in {clock.Elapsed.TotalMilliseconds:n0} ms");
        _output.WriteLine(found == expected ? "the checksums are equal" : "THE CHECKSUMS DIFFER");
        Report(machine, runner);
        return found == expected;
    }

    private static RunRecorder Record(string path, Bench bench, ShadowMachine machine, StressOptions guest) => new(
        path, machine, bench.Memory, bench.Processor.Features,
        $"{{\"name\":\"mmu run\",\"cpu\":\"{bench.Processor.Name}\",\"processes\":{guest.Processes},\"pages\":{guest.Pages},"
        + $"\"steps\":{guest.Steps},\"seed\":{guest.Seed}}}");

    // The recording of a guest that goes wrong is the most wanted.
    private static ulong Run(ShadowRunner runner, TimeSpan timeout, RunRecorder? recorder)
    {
        try
        {
            return runner.Run(timeout);
        }
        finally
        {
            recorder?.Finish();
        }
    }

    private void Report(ShadowMachine machine, ShadowRunner runner)
    {
        MmuStatistics statistics = machine.Vm.GetStatistics();
        _output.WriteLine();
        foreach (FaultOutcome outcome in Enum.GetValues<FaultOutcome>())
        {
            if (machine.Outcomes[(int)outcome] != 0)
            {
                Row($"faults: {outcome}", $"{machine.Outcomes[(int)outcome]:n0}");
            }
        }

        double microseconds = 1e6 / Stopwatch.Frequency;
        Row("instructions emulated", $"{runner.Emulated:n0}, {runner.Bus.DeviceStores:n0} of them stores to the device");
        double average = machine.FaultTicks * microseconds / Math.Max(1, machine.Faults);
        Row("inside the MMU, a fault", $"{average:n2} µs on average, {machine.LongestFaultTicks * microseconds:n0} µs at most");
        Row("processor", $"{machine.Flushes:n0} flushes, {machine.RootLoads:n0} roots loaded");
        Row(
            "shadow pages",
            $"{statistics.Tables:n0} now; {statistics.TablesAllocated:n0} made, {statistics.TablesZapped:n0} taken apart, "
            + $"{statistics.TablesFlooded:n0} after too many stores");
        Row("guest tables", $"{statistics.Unsyncs:n0} became unsync, {statistics.TableWrites:n0} stores announced");
        Row(
            "mapped pages",
            $"{statistics.Pages4K:n0} of 4 KiB, {statistics.Pages2M:n0} of 2 MiB, {statistics.Prefetched:n0} ahead of an access");
        ulong pages = statistics.Pages4K + (statistics.Pages2M * 512);
        double perPage = (double)statistics.MetadataBytes / Math.Max(1, pages);
        Row("metadata", $"{perPage:n1} bytes a mapped page ({statistics.MetadataBytes >> 10:n0} KiB)");
    }

    private void Row(string name, string value) => _output.WriteLine($"  {name,-24} {value}");
}
