// Scenarios: walks of one mode.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Perf.Library;
using Mmu.Perf.Nested;
using Mmu.Perf.Shadow;
using Mmu.Perf.SoftTlb;
using Mmu.Walk;

namespace Mmu.Perf.Scenarios;

/// <summary>Walks through the generated walker alone and through the public API, and the software TLB.</summary>
internal sealed unsafe class WalkScenarios : IDisposable
{
    private const int Misses = 256;
    private const ulong PageBytes = 4096;

    private readonly ModeShape _mode;
    private readonly WorkingSet _hot;
    private readonly WorkingSet _write;
    private readonly NestedGuest _nested;
    private readonly TlbGuest? _tlb;
    private readonly LibrarySource _library = new();

    public WalkScenarios(ModeShape mode)
    {
        _mode = mode;
        _hot = WorkingSet.Create("hot", mode);
        _write = WorkingSet.Create(WorkingSet.WriteSet, mode);
        _nested = new NestedGuest(mode);

        // Its guest is of four levels: the TLB does not ask what filled it.
        _tlb = mode == ModeShape.Long4 ? new TlbGuest() : null;
    }

    public IEnumerable<Scenario> All()
    {
        foreach (Competitor walker in _library.Create(MeasureKind.Independent, _hot))
        {
            yield return Of(walker.Name == Competitor.Core ? "walk hot" : "walk hot, slots and public API", new WalkSubject(walker, _hot, MeasureKind.Independent));
        }

        foreach (Competitor walker in _library.Create(MeasureKind.Write, _write))
        {
            yield return Of(walker.Name == Competitor.Core ? "walk that sets A and D" : "walk that sets A and D, slots and public API", new WalkSubject(walker, _write, MeasureKind.Write));
        }

        yield return Of("batch of 256 hot walks", new WalkSubject(_library.Create(MeasureKind.Batch, _hot).First(), _hot, MeasureKind.Batch)) with { ReadsAreMachines = true };
        GuestWalker walks = LibrarySource.SlotWalker(_hot);

        // Behind the last page there are entries of the same table that are not present.
        AddressList unmapped = new(Enumerable.Range(0, Misses).Select(i => LastMapped(_hot) + ((ulong)(i + 1) * PageBytes)), Misses);
        yield return Of("walk that misses", Misses, () => Translate(walks, unmapped, expected: false));
        AddressList nested = new(Enumerable.Range(0, NestedGuest.Pages).Select(i => _nested.Start + ((ulong)i * PageBytes)), NestedGuest.Pages);
        yield return Of("walk nested", NestedGuest.Pages, () => Translate(_nested.Walker, nested, expected: true));
        foreach (Scenario scenario in _tlb is null ? [] : Tlb(_tlb))
        {
            yield return scenario;
        }
    }

    public void Dispose()
    {
        _hot.Dispose();
        _write.Dispose();
        _nested.Dispose();
        _tlb?.Dispose();
    }

    private static ulong LastMapped(WorkingSet set)
    {
        ulong last = 0;
        for (int i = 0; i < set.Count; i++)
        {
            last = Math.Max(last, set.Gvas[i] & ~(PageBytes - 1));
        }

        return last;
    }

    private static void Translate(GuestWalker walker, AddressList gvas, bool expected)
    {
        for (int i = 0; i < gvas.Count; i++)
        {
            if (walker.Translate(new Gva(gvas.All[i]), Access.UserRead, out _) != expected)
            {
                throw new InvalidOperationException($"The walk of {gvas.All[i]:x} is not what the scenario expects.");
            }
        }
    }

    private IEnumerable<Scenario> Tlb(TlbGuest guest)
    {
        const int Filled = 64;
        TlbLoops loops = new(guest, library: null);
        guest.Fill(new AddressList(TlbGuest.Pages(Filled), Filled));
        yield return Of("software TLB hit", loops.Independent(new AddressList(TlbGuest.Addresses(Filled, 4096), 2048)));
        yield return Of("software TLB miss", loops.Miss(new AddressList(TlbGuest.Pages(TlbGuest.PageCount), TlbGuest.PageCount)));
    }

    private Scenario Of(string what, int operations, Action run) => Of(what, new DelegateSubject(what, operations, _ => { }, _ => run()));

    private Scenario Of(string what, Subject subject) => new($"{_mode.Name} {what}", subject, Vm: null);
}
