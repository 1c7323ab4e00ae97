// Perf: `compare --suite shadow`: the operations of the Shadow MMU against the floor of the same memory work, in one run.
using System.Linq;
using Mmu.Perf.Peers;

namespace Mmu.Perf.Shadow;

/// <summary>Runs the suite and reports it.</summary>
internal static unsafe class ShadowCommand
{
    public static void Run(CompareOptions options)
    {
        CompareSuite run = new(options, "shadow.c", sizeof(ShadowPeerContext));
        foreach (ModeShape mode in options.Modes)
        {
            using ShadowSuite suite = new(mode, run.Floors);
            run.Measure(mode.Name, suite.Cases());
        }

        Metadata[] metadata = [.. options.Modes.Select(Metadata.Measure)];
        ShadowReport report = new(run.Rows, metadata);
        run.Report("shadow", new { run.Rows, Metadata = metadata }, report.Text(), report.Markdown(run.Page("the Shadow MMU", "shadow")), charts: true);
    }
}
