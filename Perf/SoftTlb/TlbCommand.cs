// Perf: `compare --suite tlb`: hits of the software TLB against a probe in C of the same memory, and misses, in one run.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Mmu.Perf.Peers;
using Mmu.Perf.Shadow;
using Mmu.Walk;

namespace Mmu.Perf.SoftTlb;

/// <summary>Runs the suite and reports it.</summary>
internal sealed class TlbCommand(CompareOptions options)
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    // Past tiering: a method is compiled anew in the background some time after its first calls.
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(1.5);

    private readonly QuietProbe _probe = new();

    public int Run()
    {
        PeerLibrary? library = PeerLibrary.TryLoad("tlb.c", SoftTlbLayout.TotalBytes, out string peers);
        Console.Error.WriteLine(peers);
        using TlbGuest guest = new();
        List<ShadowRow> rows = [];
        foreach (ShadowCase one in Cases(guest, new TlbLoops(guest, library)).Where(c => c.What.Contains(options.Case, StringComparison.Ordinal)))
        {
            Console.Error.WriteLine(one.What);
            rows.AddRange(Measure(one));
        }

        TlbReport report = new(rows, peers);
        Console.Out.WriteLine(options.Json ? JsonSerializer.Serialize(rows, s_json) : report.Text());
        if (options.Write)
        {
            string path = Path.Combine(MachineFacts.RepositoryRoot(), "docs", "perf", "soft-tlb.md");
            File.WriteAllText(path, report.Markdown());
            Console.Error.WriteLine($"Wrote {path}.");
        }

        return 0;
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

    private IEnumerable<ShadowRow> Measure(ShadowCase one)
    {
        IReadOnlyList<Timing> timings = new Rounds(one.Subjects, _probe) { MinRounds = one.MinRounds }.Measure(s_warmUp, options.Budget);
        double? native = timings.FirstOrDefault(t => t.Name == TlbLoops.NativeName)?.Ns;
        return timings.Select((t, i) => new ShadowRow(
            ModeShape.Long4.Name, one.What, t.Name, t.Ns, t.Low, t.High, t.Ns / native, i == 0 ? one.Goal : null, i == 0 ? one.RatioGoal : null, t.Bytes, t.Rounds,
            t.Quiet));
    }
}
