// Scenarios: entry point; prints counters of scenarios, or only runs them under callgrind.
using System;
using System.Globalization;
using Mmu.Common;
using Mmu.Guest;

namespace Mmu.Perf.Scenarios;

internal static class Program
{
    private const string Usage = """
        scenarios counters GROUP managed bytes, and what a VM counts, of each scenario: lines of a figure, a tab and a number
        scenarios reads GROUP    guest entries loaded by each operation; only a build with -p:MmuCount=true counts them
        scenarios run GROUP      runs each scenario, for callgrind, and prints its name
        """;

    private static int Main(string[] arguments)
    {
        if (arguments is not [string command, string name])
        {
            return Refuse();
        }

        Action<Scenario>? act = command switch { "counters" => Count, "reads" => CountReads, "run" => RunOnly, _ => null };
        using ScenarioGroup? group = act is null ? null : ScenarioGroup.Find(name);
        if (act is null || group is null)
        {
            return Refuse();
        }

        foreach (Scenario scenario in command == "reads" ? group.Walks() : group.All())
        {
            scenario.Prepare();
            act(scenario);
        }

        if (command == "counters")
        {
            Print("metadata bytes a page", name, group.MetadataPerPage());
        }

        return 0;
    }

    private static int Refuse()
    {
        Console.Error.WriteLine(Usage);
        return 2;
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
