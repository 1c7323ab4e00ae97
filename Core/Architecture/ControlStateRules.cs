// Architecture: which control states a CPU can be in.
namespace Mmu.Architecture;

/// <summary>Legality of control state. Intel SDM "Control Registers", "Paging-Mode Enabling"; AMD APM "System-Control Registers".</summary>
internal static class ControlStateRules
{
    /// <summary>
    /// Judges a state as a whole. Rules about the way from one state to the next (CR4.LA57 in long mode, CR4.PCIDE with a PCID in CR3) are
    /// the VMM's.
    /// </summary>
    internal static ControlStateStatus Check(in ControlState state, CpuFeatures features)
    {
        if (((state.Cr4 & ControlBits.Cr4Pse) != 0 && !features.Pse)
            || ((state.Cr4 & ControlBits.Cr4Pge) != 0 && !features.GlobalPages)
            || ((state.Cr4 & ControlBits.Cr4La57) != 0 && !features.La57)
            || ((state.Cr4 & ControlBits.Cr4Pcide) != 0 && !features.Pcid)
            || ((state.Cr4 & ControlBits.Cr4Smep) != 0 && !features.Smep)
            || ((state.Cr4 & ControlBits.Cr4Smap) != 0 && !features.Smap)
            || ((state.Cr4 & ControlBits.Cr4Pke) != 0 && !features.Pku)
            || ((state.Cr4 & ControlBits.Cr4Cet) != 0 && !features.ShadowStacks)
            || ((state.Cr4 & ControlBits.Cr4Pks) != 0 && !features.Pks)
            || ((state.Cr4 & ControlBits.Cr4LamSup) != 0 && !features.Lam)
            || ((state.Efer & ControlBits.EferNxe) != 0 && !features.NoExecute))
        {
            return ControlStateStatus.UnsupportedFeature;
        }

        bool longMode = IsLongMode(state);
        if ((longMode && (state.Cr4 & ControlBits.Cr4Pae) == 0)
            || (!longMode && (state.Cr4 & ControlBits.Cr4Pcide) != 0)
            || ((state.Cr4 & ControlBits.Cr4Cet) != 0 && (state.Cr0 & ControlBits.Cr0Wp) == 0))
        {
            return ControlStateStatus.IllegalCombination;
        }

        return longMode && (state.Cr3 & ReservedInCr3(features)) != 0 ? ControlStateStatus.Cr3Reserved : ControlStateStatus.Legal;
    }

    /// <summary>True with 4- or 5-level paging in force.</summary>
    internal static bool IsLongMode(in ControlState state) => (state.Cr0 & ControlBits.Cr0Pg) != 0 && (state.Efer & ControlBits.EferLma) != 0;

    /// <summary>Reserved bits of CR3. Bit 63 says that translations are kept; the LAM bits are no address bits.</summary>
    internal static ulong ReservedInCr3(CpuFeatures features) =>
        (ulong.MaxValue << features.PhysicalAddressBits) & ~ControlBits.Cr3NoFlush
#if MMU_FAULT_14
        & ~(ControlBits.Cr3LamU48 | ControlBits.Cr3LamU57);
#else
        & ~(features.Lam ? ControlBits.Cr3LamU48 | ControlBits.Cr3LamU57 : 0);
#endif
}
