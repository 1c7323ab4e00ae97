// Tests: a format as an object, so that theories can range over formats.
using Mmu.Architecture;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Tests.Sptes;

/// <summary>The static members of <see cref="ISpteFormat"/> as instance members.</summary>
internal interface ISpteProbe
{
    string Name { get; }

    ulong MakeLeaf(SpteHost host, in LeafSpec spec);

    ulong MakeNonLeaf(SpteHost host, ulong frame);

    bool CachesMmio(SpteHost host);

    ulong MakeMmio(SpteHost host, ulong gfn, Rights rights, uint generation);

    bool IsMmio(SpteHost host, ulong spte);

    ulong MmioGfn(SpteHost host, ulong spte);

    uint MmioGeneration(ulong spte);

    Rights MmioRights(ulong spte);

    bool IsWritable(ulong spte);

    bool IsMmuWritable(ulong spte);

    bool IsHostWritable(ulong spte);

    bool IsAccessed(ulong spte);

    bool IsDirty(ulong spte);

    bool IsExecutable(ulong spte);

    bool IsUser(ulong spte);

    Rights RightsOf(ulong spte);

    ulong WriteProtect(ulong spte, bool keepMmuWritable);

    ulong RestoreWrite(ulong spte);

    ulong ClearAccessed(ulong spte);

    bool IsAccessTracked(ulong spte);

    ulong RestoreAccess(ulong spte);

    ulong ClearDirty(ulong spte);

    ulong SplitChild(SpteHost host, ulong hugeSpte, int hugeLevel, int index, bool executable);

    bool NeedsAtomic(ulong spte);

    SpteConsequences Compare(ulong old, ulong @new);

    string Describe(ulong spte, int level);

    SpteChange Set(PtPage page, int index, ulong value);

    bool TrySet(PtPage page, int index, ulong expected, ulong value, out SpteChange change);
}
