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
    private static readonly ShadowCode _ept = new ShadowCode<TablesEpt<On, Off>, Sptes.EptSpte>();
    private static readonly ShadowCode _eptByMode = new ShadowCode<TablesEpt<On, On>, Sptes.EptSpte>();
    private static readonly ShadowCode _eptNoAccessed = new ShadowCode<TablesEpt<Off, Off>, Sptes.EptNoAdSpte>();
    private static readonly ShadowCode _eptNoAccessedByMode = new ShadowCode<TablesEpt<Off, On>, Sptes.EptNoAdSpte>();
    private static readonly ShadowCode _npt = new ShadowCode<Tables64, Sptes.NptSpte>();
    private static readonly ShadowCode _nptPae = new ShadowCode<TablesNptPae, Sptes.NptSpte>();
    private static readonly ShadowCode _npt32 = new ShadowCode<Tables32, Sptes.NptSpte>();

    /// <summary>The code for a mode. Unpaged guests have no tables: any form will do.</summary>
    internal static ShadowCode Of(GuestMode mode) => mode switch
    {
        GuestMode.Bits32 => _legacy32,
        GuestMode.Unpaged or GuestMode.Pae => _pae,
        _ => _long,
    };

    /// <summary>The code for tables of L1 behind which its guests run.</summary>
    internal static ShadowCode OfNested(PageRole role) => role.Form switch
    {
        SpteForm.Ept => role.FetchesByMode ? _eptByMode : _ept,
        SpteForm.EptNoAccessedDirty => role.FetchesByMode ? _eptNoAccessedByMode : _eptNoAccessed,
        _ => role.HasFourByteEntries ? _npt32 : role.IsPaeNested ? _nptPae : _npt,
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
