// Tests: a format during whose test of an entry the CPU changes that entry.
using System;
using Mmu.Architecture;
using Mmu.Sptes;

namespace Mmu.Tests.Sptes;

/// <summary>EPT whose entries change between being looked at and being stored.</summary>
internal readonly struct RacingSpte : ISpteFormat
{
    [ThreadStatic]
    private static Action? _meanwhile;

    public static string Name => EptSpte.Name;

    /// <summary>What happens to the entry between the look at it and the store.</summary>
    public static void Meanwhile(Action? action) => _meanwhile = action;

    public static bool NeedsAtomic(ulong spte)
    {
        bool needed = EptSpte.NeedsAtomic(spte);
        _meanwhile?.Invoke();
        return needed;
    }

    public static ulong MakeLeaf(SpteHost host, in LeafSpec spec) => EptSpte.MakeLeaf(host, spec);

    public static ulong MakeNonLeaf(SpteHost host, ulong frame) => EptSpte.MakeNonLeaf(host, frame);

    public static bool CachesMmio(SpteHost host) => EptSpte.CachesMmio(host);

    public static ulong MakeMmio(SpteHost host, ulong gfn, Rights rights, uint generation) =>
        EptSpte.MakeMmio(host, gfn, rights, generation);

    public static bool IsMmio(SpteHost host, ulong spte) => EptSpte.IsMmio(host, spte);

    public static ulong MmioGfn(SpteHost host, ulong spte) => EptSpte.MmioGfn(host, spte);

    public static uint MmioGeneration(ulong spte) => EptSpte.MmioGeneration(spte);

    public static Rights MmioRights(ulong spte) => EptSpte.MmioRights(spte);

    public static bool IsWritable(ulong spte) => EptSpte.IsWritable(spte);

    public static bool IsMmuWritable(ulong spte) => EptSpte.IsMmuWritable(spte);

    public static bool IsHostWritable(ulong spte) => EptSpte.IsHostWritable(spte);

    public static bool IsAccessed(ulong spte) => EptSpte.IsAccessed(spte);

    public static bool IsDirty(ulong spte) => EptSpte.IsDirty(spte);

    public static bool IsExecutable(ulong spte) => EptSpte.IsExecutable(spte);

    public static bool IsUser(ulong spte) => EptSpte.IsUser(spte);

    public static Rights RightsOf(ulong spte) => EptSpte.RightsOf(spte);

    public static ulong WriteProtect(ulong spte, bool keepMmuWritable) => EptSpte.WriteProtect(spte, keepMmuWritable);

    public static ulong RestoreWrite(ulong spte) => EptSpte.RestoreWrite(spte);

    public static ulong ClearAccessed(ulong spte) => EptSpte.ClearAccessed(spte);

    public static bool IsAccessTracked(ulong spte) => EptSpte.IsAccessTracked(spte);

    public static ulong RestoreAccess(ulong spte) => EptSpte.RestoreAccess(spte);

    public static ulong ClearDirty(ulong spte) => EptSpte.ClearDirty(spte);

    public static ulong SplitChild(SpteHost host, ulong hugeSpte, int hugeLevel, int index, bool executable) =>
        EptSpte.SplitChild(host, hugeSpte, hugeLevel, index, executable);

    public static SpteConsequences Compare(ulong old, ulong @new) => EptSpte.Compare(old, @new);

    public static string Describe(ulong spte, int level) => EptSpte.Describe(spte, level);
}
