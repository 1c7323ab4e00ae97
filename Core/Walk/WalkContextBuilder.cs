// Walk: prepares a dimension for walking when control state changes.
using System;
using Mmu.Architecture;

namespace Mmu.Walk;

/// <summary>Fills <see cref="WalkContext"/>s from control state: selects the mode and computes everything that walks look up.</summary>
internal static unsafe class WalkContextBuilder
{
    private const ulong LargeBit = 0x80;
    private const ulong EptRights = 0x7;
    private const ulong EptUserExecute = 0x400;
    private const ulong EveryPatEntry = 0x24_9249;
    private const ulong RootMask = 0x000F_FFFF_FFFF_F000;

    /// <summary>Prepares a guest's own paging; the state is legal. The PDPTE registers are left alone.</summary>
    internal static void FillGuest(WalkContext context, in ControlState state, CpuFeatures features, WalkContext? second)
    {
        bool longMode = ControlStateRules.IsLongMode(state);
        bool noExecute = (state.Cr4 & ControlBits.Cr4Pae) != 0 && (state.Efer & ControlBits.EferNxe) != 0;
        bool paging = (state.Cr0 & ControlBits.Cr0Pg) != 0;
        context.Code = Select(state, second);
        context.Root = Root(context.Code, state.Cr3);
        context.Style = FaultStyle.PageFault;
        context.Second = second;
        context.Masking = longMode ? LinearAddressMask.From(state, features) : default;
        context.ReportsFetch = noExecute || (state.Cr4 & ControlBits.Cr4Smep) != 0;
        context.AccessedMask = context.Code.AccessedMask;
        context.PresentMask = 1;
        context.LargeMask = longMode || (state.Cr4 & (ControlBits.Cr4Pae | ControlBits.Cr4Pse)) != 0 ? LargeBit : 0;
        context.ResultBase = paging
            ? PackPat(state.Pat) | ((state.Cr4 & ControlBits.Cr4Pge) != 0 ? WalkResult.GlobalPagesFlag : 0)
            : ((ulong)MemoryType.WriteBack * EveryPatEntry) << WalkResult.PatShift;
        ReservedInputs inputs = new()
        {
            PhysicalAddressBits = features.PhysicalAddressBits,
            Amd = features.Vendor == CpuVendor.Amd,
#if MMU_FAULT_11
            No1GPages = !features.Pages1G,
#else
            NoExecuteOff = !noExecute,
            No1GPages = !features.Pages1G,
#endif
            Pse36 = features.Pse36,
        };
        context.Code.FillReserved(inputs, ref context.Reserved);
        PermissionRules.FillLegacy(ref context.Plans, Rules(state));
        FillMasks(context, context.Code.DirtyMask);
    }

    /// <summary>The legacy permission switches of a control state.</summary>
    internal static LegacyRules Rules(in ControlState state)
    {
        bool longMode = ControlStateRules.IsLongMode(state);
        return new LegacyRules
        {
            WriteProtect = (state.Cr0 & ControlBits.Cr0Wp) != 0,
            Smep = (state.Cr4 & ControlBits.Cr4Smep) != 0,
            Smap = (state.Cr4 & ControlBits.Cr4Smap) != 0,
            UserKeysOn = longMode && (state.Cr4 & ControlBits.Cr4Pke) != 0,
            SupervisorKeysOn = longMode && (state.Cr4 & ControlBits.Cr4Pks) != 0,
            Pkru = state.Pkru,
            Pkrs = state.Pkrs,
        };
    }

    /// <summary>Prepares EPT as a second dimension.</summary>
    internal static ControlStateStatus FillEpt(WalkContext context, in EptControl ept, ModificationLog? log = null)
    {
        RefusePhysicalAddressBits(ept.PhysicalAddressBits, nameof(ept));
        int levels = ept.Levels;
        bool accessedDirty = (ept.EptPointer & EptControl.AccessedDirtyBit) != 0;
        if (!IsLegal(ept))
        {
            return ControlStateStatus.EptPointerInvalid;
        }

        context.Code = levels == 5 ? Ept5Walker.Code : Ept4Walker.Code;
        context.Root = ept.EptPointer & EptControl.PointerMask;
        context.Style = FaultStyle.Ept;
        context.ExecuteOnly = ept.ExecuteOnly;
        context.ModeBasedExecute = ept.ModeBasedExecute;
        context.GuestModeExecuteTrap = false;
        context.AccessedMask = accessedDirty ? context.Code.AccessedMask : 0;
        context.PresentMask = EptRights | (ept.ModeBasedExecute ? EptUserExecute : 0);
        context.LargeMask = LargeBit;
        context.ResultBase = 0;
        context.Log = ept.LogAddress is null || !accessedDirty ? null : log;
        ReservedInputs inputs = new() { PhysicalAddressBits = ept.PhysicalAddressBits, No1GPages = !ept.Pages1G, No2MPages = !ept.Pages2M };
        context.Code.FillReserved(inputs, ref context.Reserved);
        PermissionRules.FillEpt(ref context.Plans, ept.ModeBasedExecute);
        FillMasks(context, accessedDirty ? context.Code.DirtyMask : 0);
        return ControlStateStatus.Legal;
    }

    /// <summary>True if VM entry accepts the pointer, and the place of the log. Intel SDM "Checks on VM-Execution Control Fields".</summary>
    internal static bool IsLegal(in EptControl ept) =>
#if !MMU_FAULT_173
        ((ept.LogAddress ?? 0) & (0xFFF | (ulong.MaxValue << ept.PhysicalAddressBits))) == 0 &&
#endif
        (ept.EptPointer & 7) is 0 or 6
        && (ept.Levels == 4 || (ept.Levels == 5 && ept.FiveLevels))
        && ((ept.EptPointer & EptControl.AccessedDirtyBit) == 0 || ept.AccessedDirty)
        && (ept.EptPointer & (0xF80 | (ulong.MaxValue << ept.PhysicalAddressBits))) == 0;

    /// <summary>Prepares nested page tables as a second dimension.</summary>
    internal static ControlStateStatus FillNpt(WalkContext context, in NptControl npt)
    {
        RefusePhysicalAddressBits(npt.PhysicalAddressBits, nameof(npt));
        bool pae = (npt.HostCr4 & ControlBits.Cr4Pae) != 0;
        bool longMode = (npt.HostEfer & ControlBits.EferLma) != 0;
        bool noExecute = pae && (npt.HostEfer & ControlBits.EferNxe) != 0;
        if ((longMode && !pae) || (npt.NestedCr3 & (ulong.MaxValue << npt.PhysicalAddressBits)) != 0)
        {
            return ControlStateStatus.NestedCr3Invalid;
        }

        context.Code = !pae ? Npt32Walker.Code : !longMode ? NptPaeWalker.Code : (npt.HostCr4 & ControlBits.Cr4La57) != 0 ? Npt5Walker.Code : Npt4Walker.Code;
        context.Root = Root(context.Code, npt.NestedCr3);
        context.Style = FaultStyle.Npt;
        context.ModeBasedExecute = false;
        context.Log = null;
        context.GuestModeExecuteTrap = npt.GuestModeExecuteTrap;
        context.ReportsFetch = noExecute || (npt.HostCr4 & ControlBits.Cr4Smep) != 0;
        context.AccessedMask = context.Code.AccessedMask;
        context.PresentMask = 1;
        context.LargeMask = (npt.HostCr4 & (ControlBits.Cr4Pae | ControlBits.Cr4Pse)) != 0 ? LargeBit : 0;
        context.ResultBase = PackPat(npt.HostPat);
        ReservedInputs inputs = new()
        {
            PhysicalAddressBits = npt.PhysicalAddressBits,
            Amd = true,
            NoExecuteOff = !noExecute,
            No1GPages = !npt.Pages1G,
            Pse36 = true,
        };
        context.Code.FillReserved(inputs, ref context.Reserved);

        // Every access but a guest-supervisor fetch under GMET is a user access, and that one obeys SMEP.
        PermissionRules.FillLegacy(ref context.Plans, new LegacyRules { WriteProtect = true, Smep = npt.GuestModeExecuteTrap });
        FillMasks(context, context.Code.DirtyMask);
        return ControlStateStatus.Legal;
    }

    /// <summary>Places the plans' rules as bits of the mode's format; the plans and reserved bits are filled.</summary>
    internal static void FillMasks(WalkContext context, ulong dirtyMask)
    {
        for (int bits = 0; bits < AccessPlans.Count; bits++)
        {
            ref AccessPlan plan = ref context.Plans[bits];
            context.Code.FillMasks((uint)PermissionRules.Required(plan), PermissionRules.ForbidsUser(plan), ref plan);
            plan.MustNotAny |= context.Reserved.Common;
            plan.LeafMust = (bits & 3) == (int)AccessKind.Write ? dirtyMask : 0;

            // What makes a page a shadow-stack page is not in the accumulated rights: no such access is decided at first glance.
            plan.MustNotAll |= (bits & (int)AccessFlags.ShadowStack) != 0 ? plan.Must : 0;
        }
    }

    private static WalkCode Select(in ControlState state, WalkContext? second)
    {
        if ((state.Cr0 & ControlBits.Cr0Pg) == 0)
        {
            return UnpagedWalker.Code;
        }

        if ((state.Cr4 & ControlBits.Cr4Pae) == 0)
        {
            return Legacy32Walker.Code;
        }

        if ((state.Efer & ControlBits.EferLma) == 0)
        {
            return second is { Style: FaultStyle.Npt } ? PaeInMemoryWalker.Code : PaeWalker.Code;
        }

        return (state.Cr4 & ControlBits.Cr4La57) != 0 ? Long5Walker.Code : Long4Walker.Code;
    }

    // The root's address: CR3 without what is no address, 32 bits wide outside long mode, 32-byte aligned for PDPTEs.
    internal static ulong Root(WalkCode code, ulong cr3) => code.Levels switch
    {
        0 => 0,
        2 => cr3 & 0xFFFF_F000,
#if MMU_FAULT_12
        3 => cr3 & 0xFFFF_F000,
#else
        3 => cr3 & 0xFFFF_FFE0,
#endif
        _ => cr3 & RootMask,
    };

    private static ulong PackPat(ulong pat)
    {
        ulong packed = 0;
        for (int i = 0; i < 8; i++)
        {
            packed |= ((pat >> (8 * i)) & 7) << (3 * i);
        }

        return packed << WalkResult.PatShift;
    }

    private static void RefusePhysicalAddressBits(int bits, string name)
    {
        if (bits is < 32 or > 52)
        {
            throw new ArgumentOutOfRangeException(name, bits, "MAXPHYADDR must be 32 to 52 bits.");
        }
    }
}
