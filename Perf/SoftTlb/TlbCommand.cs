// Perf: `compare --suite tlb`: hits of the software TLB against a probe in C of the same memory, and misses, in one run.
using System.Collections.Generic;
using System.Linq;
using Mmu.Perf.Shadow;
using Mmu.Walk;

namespace Mmu.Perf.SoftTlb;

/// <summary>Runs the suite and reports it.</summary>
internal static class TlbCommand
{
    public static void Run(CompareOptions options)
    {
        CompareSuite run = new(options, "tlb.c", SoftTlbLayout.TotalBytes);
        using TlbGuest guest = new();
        run.Measure(ModeShape.Long4.Name, Cases(guest, new TlbLoops(guest, run.Floors)));
        run.ReportTable("soft-tlb", run.Page("the software TLB", "tlb", " The floor is a probe in C of the same memory."));
    }

    // Lazily, so that each case finds the TLB as it needs it.
    private static IEnumerable<ShadowCase> Cases(TlbGuest guest, TlbLoops loops)
    {
        foreach (int pages in (int[])[64, 512])
        {
            guest.Fill(new AddressList(TlbGuest.Pages(pages), pages));
            AddressList list = new(TlbGuest.Addresses(pages, 1 << 16), 2048);
            yield return Of($"hit of {pages} pages, one after the other", [loops.Dependent(list), loops.Native("hit_dependent", list)]) with { RatioGoal = 1.15 };
            yield return Of($"hit of {pages} pages, in a loop", [loops.Independent(list), loops.Native("hit_independent", list)]) with { RatioGoal = 1.5 };
        }

        AddressList large = new(Enumerable.Range(0, 2048).Select(i => TlbGuest.LargePage + ((ulong)i * 1000)), 2048);
        guest.Fill(large);
        yield return Of("hit of a page of 2 MiB, one after the other", [loops.Dependent(large)]);
        yield return Of("miss: walk and fill", [loops.Miss(new AddressList(TlbGuest.Pages(TlbGuest.PageCount), TlbGuest.PageCount))], goal: 20);
    }

    private static ShadowCase Of(string what, Subject?[] subjects, double? goal = null) => new(what, goal, [.. subjects.OfType<Subject>()]);
}
