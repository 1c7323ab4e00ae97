// Architecture: how one of our table pages is built: with the guest frame, the key of a shadow page.
using System.Globalization;

namespace Mmu.Architecture;

/// <summary>
/// Everything that decides what the entries of one of our tables mean, in 32 bits. Two tables of one guest frame may stand for each other only
/// if their whole roles are equal (bug 1).
/// </summary>
internal readonly record struct PageRole
{
    // 3:0 level, 4 four-byte guest entries, 6:5 quadrant, 7 direct, 11:8 access, then flags; 19:18 format, 24 address space, 31:25 where PDPTEs are.
    private const uint FourByteBit = 1 << 4;
    private const int QuadrantShift = 5;
    private const uint DirectBit = 1 << 7;
    private const int AccessShift = 8;
    private const uint NoExecuteBit = 1 << 12;
    private const uint WriteProtectBit = 1 << 13;
    private const uint SmepBit = 1 << 14;
    private const uint SmapWithoutWriteProtectBit = 1 << 15;
    private const uint LargePagesBit = 1 << 16;
    private const uint LongModeBit = 1 << 17;
    private const int FormatShift = 18;
    private const uint PaeNestedBit = 1 << 20;
    private const uint ExecuteOnlyBit = 1 << 21;
    private const uint PassthroughBit = 1 << 22;
    private const uint NestedGuestBit = 1 << 23;
    private const int AddressSpaceShift = 24;
    private const int PdpteShift = 25;
    private const uint PdptePlace = 0x7Fu << PdpteShift;
    private const int PdpteAlignShift = 5;
    private const uint AllRights = 0xF << AccessShift;
    private const uint OfOnePage = 0xF | (3 << QuadrantShift) | DirectBit | (0xF << AccessShift) | PassthroughBit | PdptePlace;

    private readonly uint _value;

    private PageRole(uint value) => _value = value;

    /// <summary>Level of the table: its entries map pages of 4 KiB at level 1.</summary>
    internal int Level => (int)(_value & 0xF);

    /// <summary>The guest's entries have 4 bytes.</summary>
    internal bool HasFourByteEntries => (_value & FourByteBit) != 0;

    /// <summary>Which part of a guest table of 4-byte entries this table stands for.</summary>
    internal uint Quadrant => (_value >> QuadrantShift) & 3;

    /// <summary>The table maps a contiguous range: no guest table stands behind it.</summary>
    internal bool IsDirect => (_value & DirectBit) != 0;

    /// <summary>What the guest's entries above this table allow; of a direct table what its range allows.</summary>
    internal Rights Access => (Rights)((_value >> AccessShift) & 0xF);

    /// <summary>The guest's NX is in force.</summary>
    internal bool NoExecute => (_value & NoExecuteBit) != 0;

    /// <summary>CR0.WP.</summary>
    internal bool WriteProtect => (_value & WriteProtectBit) != 0;

    /// <summary>4- or 5-level paging: entries are 64-bit ones with keys.</summary>
    internal bool IsLongMode => (_value & LongModeBit) != 0;

    /// <summary>The address space: 1 in system-management mode.</summary>
    internal int AddressSpace => (int)(_value >> AddressSpaceShift) & 1;

    /// <summary>What our entries look like.</summary>
    internal SpteForm Form => (SpteForm)((_value >> FormatShift) & 3);

    /// <summary>Tables for guest physical addresses of L2, behind L1's EPT or NPT.</summary>
    internal bool IsNested => Form != SpteForm.Linear;

    /// <summary>EPT: fetches from user-mode addresses have a right of their own.</summary>
    internal bool FetchesByMode => (_value & SmepBit) != 0;

    /// <summary>L1's nested tables are those of PAE paging.</summary>
    internal bool IsPaeNested => (_value & PaeNestedBit) != 0;

    /// <summary>L1's EPT may hold entries that allow nothing but fetches.</summary>
    internal bool ExecuteOnly => (_value & ExecuteOnlyBit) != 0;

    /// <summary>The table stands above the guest's root: its entries name tables of the level below for the same root.</summary>
    internal bool IsPassthrough => (_value & PassthroughBit) != 0;

    /// <summary>Linear tables of a guest that L1 runs without nested paging.</summary>
    internal bool IsNestedGuest => (_value & NestedGuestBit) != 0;

    /// <summary>Of the root of PAE tables that are read in memory: where in its frame it starts, in bytes.</summary>
    internal ulong PdpteOffset => (ulong)(_value >> PdpteShift) << PdpteAlignShift;

    /// <summary>How many entries of a passthrough table name something.</summary>
    internal int PassthroughEntries => Level == 3 ? 4 : 1;

    // Level of L1's root under nested paging.
    private int NestedRootLevel => HasFourByteEntries ? 2 : IsPaeNested ? 3 : 4;

    /// <summary>The whole role as a number, for hashing and dumps.</summary>
    internal uint Value => _value;

    /// <summary>
    /// The role of the root of a guest in the given role. Unpaged and 32-bit guests are run on the three-level tables of PAE paging, whose
    /// four tables of level 2 are the roots here.
    /// </summary>
    internal static PageRole RootOf(CpuRole cpu)
    {
        uint space = SpaceBit(cpu.SystemManagement) | (cpu.IsNestedGuest ? NestedGuestBit : 0);
        if (cpu.Mode == GuestMode.Unpaged)
        {
            return new PageRole(2 | AllRights | DirectBit | space);
        }

        uint level = cpu.Mode switch
        {
            GuestMode.Long5 => 5,
            GuestMode.Long4 => 4,
            _ => 2,
        };
        return new PageRole(level | AllRights | space
            | (cpu.Mode == GuestMode.Bits32 ? FourByteBit : 0)
            | (cpu.Mode >= GuestMode.Long4 ? LongModeBit : 0)
            | (cpu.NoExecute ? NoExecuteBit : 0)
            | (cpu.WriteProtect ? WriteProtectBit : 0)
            | (cpu.Smep ? SmepBit : 0)
            | (cpu.Smap && !cpu.WriteProtect ? SmapWithoutWriteProtectBit : 0)
            | (cpu.LargePages ? LargePagesBit : 0));
    }

    /// <summary>The role of the root behind L1's EPT; the pointer is legal.</summary>
    internal static PageRole RootOf(in EptControl ept, bool systemManagement)
    {
#if MMU_FAULT_231
        bool accessedDirty = ept.Levels != 0;
#else
        bool accessedDirty = (ept.EptPointer & EptControl.AccessedDirtyBit) != 0;
#endif
        return new PageRole((uint)ept.Levels | AllRights | SpaceBit(systemManagement)
            | ((uint)(accessedDirty ? SpteForm.Ept : SpteForm.EptNoAccessedDirty) << FormatShift)
            | (ept.ModeBasedExecute ? SmepBit : 0)
            | (ept.ExecuteOnly ? ExecuteOnlyBit : 0));
    }

    /// <summary>The role of the root behind L1's nested page tables, on a host whose own have <paramref name="hostLevels"/> levels.</summary>
    internal static PageRole RootOf(in NptControl npt, int hostLevels, bool systemManagement)
    {
        int levels = npt.Levels;
        bool pae = levels == 3;
        return new PageRole((uint)hostLevels | AllRights | SpaceBit(systemManagement)
            | ((uint)SpteForm.Npt << FormatShift)
            | (levels < hostLevels ? PassthroughBit | DirectBit : 0)
            | (levels == 2 ? FourByteBit : 0)
            | (pae ? PaeNestedBit | (((uint)(npt.NestedCr3 & 0xFE0) >> PdpteAlignShift) << PdpteShift) : 0)
            | (npt.NoExecute ? NoExecuteBit : 0)
            | (npt.GuestModeExecuteTrap ? SmepBit : 0)
            | (levels > 2 || (npt.HostCr4 & ControlBits.Cr4Pse) != 0 ? LargePagesBit : 0));
    }

    /// <summary>The role of the table that an entry of a passthrough table names.</summary>
    internal PageRole BelowPassthrough(int index)
    {
        uint below = _value - 1;
        return (int)(below & 0xF) == NestedRootLevel
            ? new PageRole((below & ~(PassthroughBit | DirectBit)) | (HasFourByteEntries ? (uint)index << QuadrantShift : 0))
            : new PageRole(below);
    }

    /// <summary>The role of a table below one of this role.</summary>
    /// <param name="access">What the path down to it allows.</param>
    /// <param name="direct">It maps a contiguous range.</param>
    /// <param name="index">Index of the entry that names it: half of it is the quadrant of 4-byte tables.</param>
    internal PageRole Child(Rights access, bool direct, int index)
    {
        uint quadrant = HasFourByteEntries && !direct ? (uint)index & 1 : 0;
        return new PageRole((_value & ~OfOnePage)
            | (uint)(Level - 1) | (quadrant << QuadrantShift) | (direct ? DirectBit : 0) | ((uint)access << AccessShift));
    }

    /// <summary>
    /// As <see cref="Child"/> below a table of 8-byte entries: as the role of its table, but for the level and what the path allows.
    /// </summary>
    internal PageRole ChildOfWholeTable(Rights access) => new(((_value & ~(0xFu << AccessShift)) | ((uint)access << AccessShift)) - 1);

    /// <summary>The same root for another quarter of the address space.</summary>
    internal PageRole WithQuadrant(int quadrant) => new((_value & ~(3u << QuadrantShift)) | ((uint)quadrant << QuadrantShift));

    /// <summary>The same role in system-management mode or outside.</summary>
    internal PageRole InAddressSpace(bool systemManagement) => new((_value & ~(1u << AddressSpaceShift)) | SpaceBit(systemManagement));

    /// <summary>True if tables of both roles are read from guest tables in the same way, wherever they stand.</summary>
    internal bool ReadsLike(PageRole other) => ((_value ^ other._value) & ~OfOnePage) == 0;

    private static uint SpaceBit(bool systemManagement) => (systemManagement ? 1u : 0) << AddressSpaceShift;

    /// <summary>Returns the fields.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"level={Level} {(IsPassthrough ? "passthrough" : IsDirect ? "direct" : HasFourByteEntries ? $"4-byte q{Quadrant}" : "8-byte")} {Form} access={Access} as={AddressSpace} 0x{_value:x}");
}
