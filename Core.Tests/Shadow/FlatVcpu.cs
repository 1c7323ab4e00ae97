// Shadow judge: one vCPU as the guest sees it: its registers, and what it has invalidated when.
using System;
using System.Collections.Generic;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

/// <summary>
/// Keeps, instead of a TLB, the times from which on translations may have been cached. Intel SDM "Operations that Invalidate TLBs and
/// Paging-Structure Caches".
/// </summary>
internal sealed class FlatVcpu(OracleCpu cpu)
{
    private readonly Dictionary<ulong, long> _pcids = [];
    private readonly List<PageInvalidation> _pages = [];
    private readonly List<RootUse> _roots = [];
    private long _nonGlobals;
    private long _rootSince;

    internal OracleCpu Cpu { get; private set; } = cpu;

    /// <summary>In system-management mode.</summary>
    internal bool IsInSmm { get; set; }

    internal int AddressSpace => IsInSmm ? 1 : 0;

    /// <summary>Nothing from before is cached.</summary>
    internal long Oldest { get; private set; }

    internal ulong Pcid => PcidOf(Cpu);

    /// <summary>The roots, the present one first, from which translations may have been cached.</summary>
    internal IEnumerable<RootUse> Roots(long now)
    {
        yield return new RootUse(Cpu, Pcid, _rootSince, now);
        for (int i = _roots.Count - 1; i >= 0; i--)
        {
            yield return _roots[i];
        }
    }

    /// <summary>The time since when a translation of this kind may be cached.</summary>
    internal long Bound(ulong pcid, bool global, ulong linear, int shift)
    {
        long bound = Oldest;
        if (!global)
        {
            bound = Math.Max(bound, Math.Max(_nonGlobals, _pcids.GetValueOrDefault(pcid)));
        }

        foreach (PageInvalidation page in _pages)
        {
            if (page.Address >> shift == linear >> shift && (global ? page.Globals : page.Pcid == pcid))
            {
                bound = Math.Max(bound, page.Time);
            }
        }

        return bound;
    }

    /// <summary>Puts registers in force and flushes what the change flushes.</summary>
    internal void Load(OracleCpu next, bool keepTranslations, bool reloadsCr3, long now)
    {
        OracleCpu before = Cpu;
        ulong changed = before.Cr4 ^ next.Cr4;
        bool smepOn = (changed & next.Cr4 & (1UL << 20)) != 0;
        bool everything = before.Mode() != next.Mode() || Bits.Has(changed, 7) || (Bits.Has(changed, 17) && !Bits.Has(next.Cr4, 17)) || Bits.Has(changed, 5);
        _roots.Add(new RootUse(before, Pcid, _rootSince, now));
        Cpu = next;
        _rootSince = now;
        if (everything)
        {
            FlushAll(now);
        }
        else if (smepOn)
        {
            FlushPcid(Pcid, now);
        }

        if (reloadsCr3 && !(keepTranslations && Bits.Has(next.Cr4, 17)))
        {
            FlushPcid(Pcid, now);
        }
    }

    internal void InvalidatePage(ulong linear, long now) => _pages.Add(new PageInvalidation(linear, Pcid, Globals: true, now));

    internal void InvalidatePage(ulong linear, ulong pcid, long now) => _pages.Add(new PageInvalidation(linear, pcid, Globals: false, now));

    internal void FlushPcid(ulong pcid, long now) => _pcids[pcid] = now;

    internal void FlushNonGlobals(long now) => _nonGlobals = now;

    internal void FlushAll(long now)
    {
        Oldest = now;
        _pages.Clear();
        _roots.Clear();
    }

    private static ulong PcidOf(OracleCpu cpu) => Bits.Has(cpu.Cr4, 17) ? Bits.Field(cpu.Cr3, 11, 0) : 0;
}
