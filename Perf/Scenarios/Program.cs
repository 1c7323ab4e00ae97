// Scenarios: entry point; prints counters of scenarios, or only runs them under callgrind.
using System;
using System.Globalization;
using System.Linq;
using Mmu.Common;
using Mmu.Guest;

namespace Mmu.Perf.Scenarios;

internal static class Program
{
    private const string Usage = """
        scenarios counters MODE   managed bytes, and what a VM counts, of each scenario: lines of a figure, a tab and a number
        scenarios reads MODE      guest entries loaded by each operation; only a build with -p:MmuCount=true counts them
        scenarios run MODE        runs each scenario, for callgrind, and prints its name
        """;

    private static int Main(string[] arguments)
    {
        if (arguments is not [string command, string name] || ModeShape.All.FirstOrDefault(m => m.Name == name) is not { } mode)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        Action<Scenario>? act = command switch { "counters" => Count, "reads" => CountReads, "run" => RunOnly, _ => null };
        if (act is null)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        using WalkScenarios walks = new(mode);
        using ShadowScenarios shadow = new(mode);
        foreach (Scenario scenario in command == "reads" ? walks.All() : walks.All().Concat(shadow.All()))
        {
            scenario.Prepare();
            act(scenario);
        }

        if (command == "counters")
        {
            Print("metadata bytes a page", mode.Name, Shadow.Metadata.Measure(mode).PerPage);
        }

        return 0;
    }

    private static void Count(Scenario scenario)
    {
        MmuStatistics before = scenario.Vm?.GetStatistics() ?? default;
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        scenario.Run();
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        Print("managed bytes", scenario.Name, bytes);
        if (scenario.Vm is { } vm)
        {
            MmuStatistics after = vm.GetStatistics();
            PrintIfAny("SPTE stores", scenario.Name, after.SpteStores - before.SpteStores);
            PrintIfAny("remote flushes", scenario.Name, after.RemoteFlushes - before.RemoteFlushes);
            PrintIfAny("tables made", scenario.Name, after.TablesAllocated - before.TablesAllocated);
            PrintIfAny("tables zapped", scenario.Name, after.TablesZapped - before.TablesZapped);
            PrintIfAny("faults", scenario.Name, after.Faults - before.Faults);
        }
    }

    private static void CountReads(Scenario scenario)
    {
        if (scenario.ReadsAreMachines)
        {
            return;
        }

        long before = LoadCount.OnThisThread;
        scenario.Run();
        Print("guest reads", scenario.Name, (LoadCount.OnThisThread - before) / (double)scenario.Subject.Operations);
    }

    private static void RunOnly(Scenario scenario)
    {
        scenario.Run();
        Console.Out.WriteLine(scenario.Name);
    }

    // What is 0 is not listed: if it comes to be more, a figure appears that nobody has accepted.
    private static void PrintIfAny(string figure, string name, ulong value)
    {
        if (value != 0)
        {
            Print(figure, name, value);
        }
    }

    private static void Print(string figure, string name, double value) =>
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{figure}: {name}\t{value:0.####}"));
}
