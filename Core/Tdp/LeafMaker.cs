// Tdp: makes leaves, and tells what they allow.
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary>Leaves of one format, as this VM's options want them.</summary>
internal static class LeafMaker<TSpte>
    where TSpte : struct, ISpteFormat
{
    // NPT takes every access for one of user mode: AMD APM "Nested Paging". In EPT the bit speaks of fetches.
    private static bool IsNpt => typeof(TSpte) == typeof(NptSpte);

    /// <summary>The entry for a leaf.</summary>
    /// <param name="state">The VM.</param>
    /// <param name="leaf">What to map.</param>
    /// <param name="mmuWritable">No shadowed or tracked frame stands against writes.</param>
    /// <param name="writable">Writes need not be noticed any more.</param>
    internal static ulong Make(TdpState state, in TdpLeaf leaf, bool mmuWritable, bool writable)
    {
        // Executable huge pages let a guest crash processors with the iTLB multihit erratum.
#if MMU_FAULT_133
        bool executable = leaf.Level >= 1;
#else
        bool executable = leaf.Level == 1 || !state.Vm.NxHugePages;
#endif
        Rights rights = (leaf.FetchOnly ? Rights.None : Rights.Read) | (writable ? Rights.Write : Rights.None)
            | (executable ? Rights.Execute : Rights.None)
            | (executable || IsNpt ? Rights.User : Rights.None);
        return TSpte.MakeLeaf(state.Vm.SpteHost, new LeafSpec
        {
            Frame = (leaf.Frame & ~(PageLevel.FramesOf(leaf.Level) - 1)) << 12,
            Level = leaf.Level,
            Rights = rights,
            Traits = (leaf.HostWritable ? LeafTraits.HostWritable : LeafTraits.None)
                | (mmuWritable ? LeafTraits.MmuWritable : LeafTraits.None)
                | (writable ? LeafTraits.Dirty : LeafTraits.None)
                | (leaf.Accessed ? LeafTraits.Accessed : LeafTraits.None)
                | (leaf.IsDevice ? LeafTraits.NoEncryption : LeafTraits.None),
            MemoryType = leaf.IsDevice ? MemoryType.Uncacheable : MemoryType.WriteBack,
            IgnorePat = !leaf.IsDevice && !state.Options.HonoursGuestPat,
        });
    }

    /// <summary>True if an entry at <paramref name="level"/> is a leaf that allows an access.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool Allows(ulong spte, int level, AccessKind kind) => Spte.IsPresent(spte) && Spte.IsLeaf(spte, level) && kind switch
    {
        AccessKind.Write => TSpte.IsWritable(spte),
        AccessKind.Fetch => TSpte.IsExecutable(spte),
        _ => (TSpte.RightsOf(spte) & Rights.Read) != 0,
    };
}
