// Architecture: how a guest's own tables are read.
namespace Mmu.Architecture;

/// <summary>
/// The part of a vCPU's control state that decides how its page tables are read and what they allow. It drives guest walks; how our tables are
/// built is a <see cref="PageRole"/>.
/// </summary>
internal readonly record struct CpuRole
{
    private const uint NoExecuteBit = 1 << 3;
    private const uint WriteProtectBit = 1 << 4;
    private const uint SmepBit = 1 << 5;
    private const uint SmapBit = 1 << 6;
    private const uint LargePagesBit = 1 << 7;
    private const uint KeysBit = 1 << 8;
    private const uint SystemManagementBit = 1 << 9;
    private const uint NestedGuestBit = 1 << 10;

    private readonly uint _value;

    private CpuRole(uint value) => _value = value;

    /// <summary>The paging mode.</summary>
    internal GuestMode Mode => (GuestMode)(_value & 7);

    /// <summary>Bit 63 of 8-byte entries refuses fetches.</summary>
    internal bool NoExecute => (_value & NoExecuteBit) != 0;

    /// <summary>CR0.WP.</summary>
    internal bool WriteProtect => (_value & WriteProtectBit) != 0;

    /// <summary>CR4.SMEP.</summary>
    internal bool Smep => (_value & SmepBit) != 0;

    /// <summary>CR4.SMAP.</summary>
    internal bool Smap => (_value & SmapBit) != 0;

    /// <summary>CR4.PSE in 32-bit paging; always in the other modes.</summary>
    internal bool LargePages => (_value & LargePagesBit) != 0;

    /// <summary>CR4.PKE or CR4.PKS in 4- and 5-level paging.</summary>
    internal bool ProtectionKeys => (_value & KeysBit) != 0;

    /// <summary>The vCPU is in system-management mode: it sees the second address space.</summary>
    internal bool SystemManagement => (_value & SystemManagementBit) != 0;

    /// <summary>The vCPU runs a guest of its guest.</summary>
    internal bool IsNestedGuest => (_value & NestedGuestBit) != 0;

    /// <summary>The role of a vCPU in a legal control state. With paging off nothing counts but SMM and whose state it is.</summary>
    internal static CpuRole From(in ControlState state, bool systemManagement, bool isNestedGuest = false)
    {
        uint smm = (systemManagement ? SystemManagementBit : 0) | (isNestedGuest ? NestedGuestBit : 0);
        if ((state.Cr0 & ControlBits.Cr0Pg) == 0)
        {
            return new CpuRole((uint)GuestMode.Unpaged | smm);
        }

        bool pae = (state.Cr4 & ControlBits.Cr4Pae) != 0;
        bool longMode = ControlStateRules.IsLongMode(state);
        GuestMode mode = !pae ? GuestMode.Bits32
            : !longMode ? GuestMode.Pae
            : (state.Cr4 & ControlBits.Cr4La57) != 0 ? GuestMode.Long5 : GuestMode.Long4;
        return new CpuRole((uint)mode | smm
            | (pae && (state.Efer & ControlBits.EferNxe) != 0 ? NoExecuteBit : 0)
            | ((state.Cr0 & ControlBits.Cr0Wp) != 0 ? WriteProtectBit : 0)
            | ((state.Cr4 & ControlBits.Cr4Smep) != 0 ? SmepBit : 0)
            | ((state.Cr4 & ControlBits.Cr4Smap) != 0 ? SmapBit : 0)
            | (pae || (state.Cr4 & ControlBits.Cr4Pse) != 0 ? LargePagesBit : 0)
            | (longMode && (state.Cr4 & (ControlBits.Cr4Pke | ControlBits.Cr4Pks)) != 0 ? KeysBit : 0));
    }
}
