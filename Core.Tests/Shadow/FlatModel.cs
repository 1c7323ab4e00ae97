// Shadow judge: what a guest may observe: what its tables say now, or what they said since it last invalidated.
using System;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

/// <summary>
/// The literal walker over guest memory and its past. A past translation is read entry by entry, top down, each entry from no earlier time than
/// the one above it: so a processor fills its paging-structure caches and its TLB. Every entry was present and accessed then.
/// </summary>
internal sealed class FlatModel(GuestWorld world)
{
    private const int MaxChains = 20_000;

    /// <summary>Searches given up for their length; the access is then taken for right.</summary>
    internal int Abandoned { get; private set; }

    /// <summary>Accesses that only a past translation explains.</summary>
    internal int Stale { get; private set; }

    internal OracleResult Fresh(FlatVcpu vcpu, ulong linear, OracleAccess access) =>
        SdmWalker.Walk(vcpu.Cpu, null, new CurrentMemory(world, vcpu.AddressSpace), linear, access, update: false);

    /// <summary>The entries of a walk of now, to see what may be marked.</summary>
    internal LegacyPath FreshPath(FlatVcpu vcpu, ulong linear)
    {
        OracleMode mode = vcpu.Cpu.Mode();
        return LegacyTables.Walk(vcpu.Cpu, mode, null, new CurrentMemory(world, vcpu.AddressSpace), linear, pdptesInMemory: false, update: false);
    }

    /// <summary>
    /// True if the access may succeed with a translation that fits: one of now with every accessed and dirty bit set, or a past one.
    /// </summary>
    internal bool Explains(FlatVcpu vcpu, ulong linear, OracleAccess access, Predicate<OracleResult> fits)
    {
        var now = new RootUse(vcpu.Cpu, vcpu.Pcid, world.Now, world.Now);
        if (ExplainsFrom(now, vcpu, linear, access, fits, fresh: true))
        {
            return true;
        }

        foreach (RootUse root in vcpu.Roots(world.Now))
        {
            if (ExplainsFrom(root, vcpu, linear, access, fits, fresh: false))
            {
                Stale++;
                return true;
            }
        }

        return false;
    }

    private bool ExplainsFrom(RootUse root, FlatVcpu vcpu, ulong linear, OracleAccess access, Predicate<OracleResult> fits, bool fresh)
    {
        OracleCpu cpu = vcpu.Cpu;
        if (!fresh)
        {
            cpu = vcpu.Cpu.Copy();
            cpu.Cr3 = root.Cpu.Cr3;
            cpu.Pdpte = root.Cpu.Pdpte;
        }

        var memory = new ChainMemory(world, vcpu.AddressSpace) { Oldest = vcpu.Oldest, IsFresh = fresh };
        int chains = 0;
        do
        {
            memory.Rewind();
            OracleResult result = SdmWalker.Walk(cpu, null, memory, linear, access, update: false);
            if (result.Outcome == OracleOutcome.Ok && IsMarked(memory, access) && fits(result)
                && (fresh || IsInOrder(memory, vcpu, root, linear, result)))
            {
                return true;
            }

            if (++chains == MaxChains)
            {
                Abandoned++;
                return true;
            }
        }
        while (memory.TryNext());
        return false;
    }

    private static bool IsMarked(ChainMemory memory, OracleAccess access) =>
        access.Kind != OracleKind.Write || memory.Chain.Count == 0 || memory.Chain[^1].InRom || Bits.Has(memory.Chain[^1].Value, 6);

    private static bool IsInOrder(ChainMemory memory, FlatVcpu vcpu, RootUse root, ulong linear, OracleResult result)
    {
        if (root.Pcid != vcpu.Pcid && !result.Global)
        {
            return false;
        }

        long time = Math.Max(root.From, vcpu.Bound(root.Pcid, result.Global, linear, result.PageShift));
        if (time > root.To)
        {
            return false;
        }

        foreach (ChainStep step in memory.Chain)
        {
            time = Math.Max(time, step.From);
            if (time > step.To)
            {
                return false;
            }
        }

        return time <= root.To;
    }
}
