// Perf: `compare --suite nested`: walks through two dimensions, faults of L2 on shadow EPT, switches between L1 and L2, in one run.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Mmu.Perf.Peers;
using Mmu.Perf.Shadow;

namespace Mmu.Perf.Nested;

/// <summary>Runs the suite and reports it.</summary>
internal sealed class NestedCommand(CompareOptions options)
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    // Past tiering: a method is compiled anew in the background some time after its first calls.
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(1.5);

    private readonly QuietProbe _probe = new();

    public int Run()
    {
        PeerLibrary? library = PeerLibrary.TryLoad("nested.c", Marshal.SizeOf<NestedContext>(), out string peers);
        Console.Error.WriteLine(peers);
        using NestedWalks walks = new(library);
        using NestedVms vms = new();
        List<ShadowRow> rows = [];
        foreach (ShadowCase one in Cases(walks, vms).Where(c => c.What.Contains(options.Case, StringComparison.Ordinal)))
        {
            Console.Error.WriteLine(one.What);
            rows.AddRange(Measure(one));
        }

        Console.Out.WriteLine(options.Json ? JsonSerializer.Serialize(rows, s_json) : Text("\n", rows));
        if (options.Write)
        {
            string path = Path.Combine(MachineFacts.RepositoryRoot(), "docs", "perf", "nested.md");
            File.WriteAllText(path, Markdown(rows, peers));
            Console.Error.WriteLine($"Wrote {path}.");
        }

        return 0;
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

    private IEnumerable<ShadowRow> Measure(ShadowCase one)
    {
        IReadOnlyList<Timing> timings = new Rounds(one.Subjects, _probe) { MinRounds = one.MinRounds }.Measure(s_warmUp, options.Budget);
        double? floor = timings.Count > 1 ? timings[1].Ns : null;
        return timings.Select((t, i) => new ShadowRow(
            ModeShape.Long4.Name, one.What, t.Name, t.Ns, t.Low, t.High, t.Ns / floor, i == 0 ? one.Goal : null, i == 0 ? one.RatioGoal : null, t.Bytes, t.Rounds,
            t.Quiet));
    }

    private static string Text(string heading, List<ShadowRow> rows)
    {
        StringBuilder text = new(heading);
        ShadowReport.AppendTable(text, rows);
        return text.ToString();
    }

    private static string Markdown(List<ShadowRow> rows, string peers)
    {
        StringBuilder text = new(
            "# Speed of guests of the guest\n\nWritten by `Perf -- compare --suite nested --write`; [method.md](method.md) says how it is measured. The floor of a nested walk is the same 24 loads without a check; "
            + "that of a fault of L2 is the fault of a 4-level guest on the same pages.\n\n");
        foreach (string line in MachineFacts.Lines(peers))
        {
            _ = text.Append("* ").Append(line).Append('\n');
        }

        return Text(text.Append('\n').ToString(), rows);
    }
}
