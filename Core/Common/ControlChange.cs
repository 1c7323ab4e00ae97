// Common: which control-register changes ask what of the Shadow MMU.
using Mmu.Architecture;

namespace Mmu.Common;

/// <summary>
/// From one legal control state to another: what the MMU must do. Intel SDM "Operations that Invalidate TLBs and Paging-Structure Caches".
/// </summary>
/// <remarks>
/// A switch to a cached root of another role always syncs and flushes it: what the guest dropped while another role was in force was not
/// dropped there.
/// </remarks>
internal static class ControlChange
{
    private const ulong RoleBits = ControlBits.Cr4Pse | ControlBits.Cr4Pae | ControlBits.Cr4La57 | ControlBits.Cr4Smep | ControlBits.Cr4Smap
        | ControlBits.Cr4Pke | ControlBits.Cr4Pks;

    private const ControlActions OtherRole = ControlActions.SwitchRoot | ControlActions.Sync | ControlActions.FlushCurrent;

    /// <summary>The actions for a change of any registers. A CR3 that differs was loaded; one that does not was not.</summary>
    internal static ControlActions Of(in ControlState from, in ControlState to) =>
        OfCr0(from, to) | OfCr4(from.Cr4, to.Cr4) | OfEfer(from.Efer, to.Efer)
        | ((from.Cr3 & ~ControlBits.Cr3NoFlush) != (to.Cr3 & ~ControlBits.Cr3NoFlush) ? OfCr3(to, from.Cr3, to.Cr3) : ControlActions.None);

    /// <summary>The actions for a MOV to CR3, in a state that otherwise stays. What PDPTE registers changed by it comes on top.</summary>
    internal static ControlActions OfCr3(in ControlState state, ulong from, ulong to)
    {
        if ((state.Cr0 & ControlBits.Cr0Pg) == 0)
        {
            return ControlActions.None;
        }

        ControlActions actions = ((from ^ to) & ~ControlBits.Cr3NoFlush) != 0 ? ControlActions.SwitchRoot : ControlActions.None;
        bool pcids = (state.Cr4 & ControlBits.Cr4Pcide) != 0;
        if (pcids && (to & ControlBits.Cr3NoFlush) != 0)
        {
            return actions;
        }

        // Without PCIDs every switch back to a cached root flushes it, so none needs to be let go.
        return actions | ControlActions.Sync | ControlActions.FlushCurrent | (pcids ? ControlActions.FreePcid : ControlActions.None);
    }

    private static ControlActions OfCr0(in ControlState from, in ControlState to)
    {
        ulong changed = from.Cr0 ^ to.Cr0;
        bool wasPaging = (from.Cr0 & ControlBits.Cr0Pg) != 0;
        if ((changed & ControlBits.Cr0Pg) != 0)
        {
            return wasPaging ? OtherRole | ControlActions.FlushGuest : OtherRole;
        }

        return wasPaging && (changed & ControlBits.Cr0Wp) != 0 ? OtherRole : ControlActions.None;
    }

    private static ControlActions OfCr4(ulong from, ulong to)
    {
        ulong changed = from ^ to;
        ulong set = changed & to;
        ulong cleared = changed & from;
        ControlActions actions = (changed & RoleBits) != 0 ? OtherRole : ControlActions.None;

        // Roots of the time without PCIDs were kept because every switch flushed; with "keep translations" that no longer holds.
        actions |= (set & ControlBits.Cr4Pcide) != 0 ? ControlActions.UnloadAll : ControlActions.None;
#if MMU_FAULT_62
        if ((changed & ControlBits.Cr4Pge) != 0)
#else
        if ((cleared & ControlBits.Cr4Pcide) != 0 || (changed & ControlBits.Cr4Pge) != 0)
#endif
        {
            return actions | ControlActions.FlushGuest;
        }

        // With PCIDs a CR3 that keeps translations may come back to a root of the old role by way of another CR3.
        bool dropsPcid = (set & ControlBits.Cr4Smep) != 0 && (to & ControlBits.Cr4Pcide) != 0;
        return (changed & ControlBits.Cr4Pae) != 0 || (set & ControlBits.Cr4Smep) != 0
            ? actions | ControlActions.FlushCurrent | (dropsPcid ? ControlActions.FreePcid : ControlActions.None)
            : actions;
    }

    private static ControlActions OfEfer(ulong from, ulong to) =>
        ((from ^ to) & (ControlBits.EferNxe | ControlBits.EferLma)) != 0 ? OtherRole : ControlActions.None;
}
