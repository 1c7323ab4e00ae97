// Perf: `compare --suite nested`: walks through two dimensions, faults of L2 on shadow EPT, switches between L1 and L2, in one run.
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Mmu.Perf.Shadow;

namespace Mmu.Perf.Nested;

/// <summary>Runs the suite and reports it.</summary>
internal static class NestedCommand
{
    public static void Run(CompareOptions options)
    {
        CompareSuite run = new(options, "nested.c", Marshal.SizeOf<NestedContext>());
        using NestedWalks walks = new(run.Floors);
        using NestedVms vms = new();
        run.Measure(ModeShape.Long4.Name, Cases(walks, vms));
        run.ReportTable("nested", run.Page(
            "guests of the guest", "nested",
            " The floor of a nested walk is the same 24 loads without a check; that of a fault of L2 is the fault of a 4-level guest on the same pages."));
    }

    private static IEnumerable<ShadowCase> Cases(NestedWalks walks, NestedVms vms)
    {
        AddressList scattered = vms.Pages.Scattered();
        Subject?[] walkers = [walks.Mmu(), walks.Native(NestedWalks.Floor, "floor_dependent"), walks.Native(NestedWalks.CWalk, "walk_dependent")];
        yield return Of("nested walk, 4 × 4 levels, hot", walkers) with { RatioGoal = 1.3 };
        yield return Of("map a page of L2 on shadow EPT, in order", [vms.NestedFaults(vms.Pages), vms.LinearFaults(vms.Pages)]) with { RatioGoal = 1.5 };
        yield return Of("map a page of L2 on shadow EPT, scattered", [vms.NestedFaults(scattered), vms.LinearFaults(scattered)]) with { RatioGoal = 1.5 };
        yield return Of("switch between L1 and L2", [vms.Switches(256)], 100);
        yield return Of("switch between L1 and L2, entered and left", [vms.EnteredSwitches(256)]);
        yield return Of("another EPT pointer among kept roots", [vms.PointerSwitches(256)]);
    }

    private static ShadowCase Of(string what, Subject?[] subjects, double? goal = null) => new(what, goal, [.. subjects.OfType<Subject>()]);
}
