// Tests: a format as an object, so that theories can range over formats.
using System.Linq;
using Mmu.Architecture;
using Mmu.Memory;
using Mmu.Sptes;
using Xunit;

namespace Mmu.Tests.Sptes;

/// <summary>The probes of all formats.</summary>
internal static class SpteProbe
{
    private static readonly ISpteProbe[] _all =
        [new Probe<LegacySpte>(), new Probe<PaeSpte>(), new Probe<NptSpte>(), new Probe<EptSpte>(), new Probe<EptNoAdSpte>()];

    /// <summary>Names of the formats.</summary>
    public static TheoryData<string> Names => [.. SpteBits.All.Select(bits => bits.Name)];

    /// <summary>The format of that name.</summary>
    public static ISpteProbe Of(string name) => _all.Single(probe => probe.Name == name);

    /// <summary>The bits of the format of that name.</summary>
    public static SpteBits BitsOf(string name) => SpteBits.All.Single(bits => bits.Name == name);

    private sealed class Probe<T> : ISpteProbe
        where T : struct, ISpteFormat
    {
        public string Name => T.Name;

        public ulong MakeLeaf(SpteHost host, in LeafSpec spec) => T.MakeLeaf(host, spec);

        public ulong MakeNonLeaf(SpteHost host, ulong frame) => T.MakeNonLeaf(host, frame);

        public bool CachesMmio(SpteHost host) => T.CachesMmio(host);

        public ulong MakeMmio(SpteHost host, ulong gfn, Rights rights, uint generation) => T.MakeMmio(host, gfn, rights, generation);

        public bool IsMmio(SpteHost host, ulong spte) => T.IsMmio(host, spte);

        public ulong MmioGfn(SpteHost host, ulong spte) => T.MmioGfn(host, spte);

        public uint MmioGeneration(ulong spte) => T.MmioGeneration(spte);

        public Rights MmioRights(ulong spte) => T.MmioRights(spte);

        public bool IsWritable(ulong spte) => T.IsWritable(spte);

        public bool IsMmuWritable(ulong spte) => T.IsMmuWritable(spte);

        public bool IsHostWritable(ulong spte) => T.IsHostWritable(spte);

        public bool IsAccessed(ulong spte) => T.IsAccessed(spte);

        public bool IsDirty(ulong spte) => T.IsDirty(spte);

        public bool IsExecutable(ulong spte) => T.IsExecutable(spte);

        public bool IsUser(ulong spte) => T.IsUser(spte);

        public Rights RightsOf(ulong spte) => T.RightsOf(spte);

        public ulong WriteProtect(ulong spte, bool keepMmuWritable) => T.WriteProtect(spte, keepMmuWritable);

        public ulong RestoreWrite(ulong spte) => T.RestoreWrite(spte);

        public ulong ClearAccessed(ulong spte) => T.ClearAccessed(spte);

        public bool IsAccessTracked(ulong spte) => T.IsAccessTracked(spte);

        public ulong RestoreAccess(ulong spte) => T.RestoreAccess(spte);

        public ulong ClearDirty(ulong spte) => T.ClearDirty(spte);

        public ulong SplitChild(SpteHost host, ulong hugeSpte, int hugeLevel, int index, bool executable) =>
            T.SplitChild(host, hugeSpte, hugeLevel, index, executable);

        public bool NeedsAtomic(ulong spte) => T.NeedsAtomic(spte);

        public SpteConsequences Compare(ulong old, ulong @new) => T.Compare(old, @new);

        public string Describe(ulong spte, int level) => T.Describe(spte, level);

        public SpteChange Set(PtPage page, int index, ulong value) => SpteDoor.Set<T>(page, index, value);

        public bool TrySet(PtPage page, int index, ulong expected, ulong value, out SpteChange change) =>
            SpteDoor.TrySet<T>(page, index, expected, value, out change);
    }
}
