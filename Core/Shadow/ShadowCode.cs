// Shadow: the code for one paging mode of guests.
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>What depends on the form of a guest's tables and on the format of SPTEs, compiled once for each pair.</summary>
internal abstract class ShadowCode
{
    private static readonly ShadowCode _legacy32 = new ShadowCode<Tables32, Sptes.PaeSpte>();
    private static readonly ShadowCode _pae = new ShadowCode<Tables64, Sptes.PaeSpte>();
    private static readonly ShadowCode _long = new ShadowCode<Tables64, Sptes.LegacySpte>();

    /// <summary>The code for a mode. Unpaged guests have no tables: any form will do.</summary>
    internal static ShadowCode Of(GuestMode mode) => mode switch
    {
        GuestMode.Bits32 => _legacy32,
        GuestMode.Unpaged or GuestMode.Pae => _pae,
        _ => _long,
    };

    /// <summary>Builds the mapping for an access that the guest's tables allow. Lock held.</summary>
    internal abstract FaultOutcome Map(ShadowState state, ShadowVcpu vcpu, in FaultRequest request, in FrameSource source, ref FaultResult result, ref ZapList list);

    /// <summary>Brings a level-1 page in step with the guest's table; false if that cannot be read. Lock held.</summary>
    internal abstract bool SyncPage(ShadowState state, ShadowVcpu vcpu, PageHandle page, ref ZapList list);

    /// <summary>As <see cref="SyncPage"/>, for one entry.</summary>
    internal abstract bool SyncEntry(ShadowState state, ShadowVcpu vcpu, PageHandle page, int index, ref ZapList list);

    /// <summary>What a leaf says if it marks MMIO. Takes any entry.</summary>
    internal abstract bool TryReadMmio(ShadowState state, ulong spte, out ulong gfn, out uint generation, out Rights rights);
}
