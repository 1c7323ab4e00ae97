// Perf: the one control state that is measured, what a current Linux guest runs with, and the masks that follow from it.
using Mmu.Perf.Peers;

namespace Mmu.Perf;

/// <summary>Control registers of the measured vCPU and the access rules derived from them for the C and the generic walker.</summary>
internal static unsafe class MeasuredState
{
    public const int MaxPhysicalAddressBits = 46;

    /// <summary>PE, WP, PG.</summary>
    public const ulong Cr0 = 0x8001_0001;

    /// <summary>LME, LMA, NXE.</summary>
    public const ulong EferLong = 0xd00;

    /// <summary>NXE.</summary>
    public const ulong EferPae = 0x800;

    /// <summary>Linux's default: key 0 allows everything, the others refuse all access.</summary>
    public const uint Pkru = 0x5555_5554;

    public const uint AccessWrite = 1;
    public const uint AccessUser = 2;
    public const uint AccessFetch = 4;
    public const uint AccessSmap = 8;

    public const uint RightWrite = 1;
    public const uint RightUser = 2;
    public const uint RightNoExecute = 4;

    public const uint KeysUser = 1;
    public const uint KeysSupervisor = 2;

    private const ulong LargePage = 0x80;

    /// <summary>PSE, PAE, PGE, SMEP, SMAP, and in long mode PKE (LA57 with 5 levels).</summary>
    public static ulong Cr4(ModeShape mode) =>
        0x30_0090ul | (mode.EntryBytes == 8 ? 0x20ul : 0) | (mode.IsLong ? 0x40_0000ul : 0) | (mode.Levels == 5 ? 0x1000ul : 0);

    public static ulong Efer(ModeShape mode) => mode.IsLong ? EferLong : mode.EntryBytes == 8 ? EferPae : 0;

    public static void Fill(PeerContext* context, ModeShape mode)
    {
        FillReserved(context, mode);
        for (uint access = 0; access < 16; access++)
        {
            context->Refuse[access] = RefusedRights(access);
        }

        context->Pkru = Pkru;
        context->Keys = mode.IsLong ? KeysUser : 0;
    }

    private static void FillReserved(PeerContext* context, ModeShape mode)
    {
        if (mode.EntryBytes == 4)
        {
            context->ReservedLeaf[2] = 1ul << 21;
            return;
        }

        ulong above = (mode.IsLong ? Bits(51, MaxPhysicalAddressBits) : Bits(62, MaxPhysicalAddressBits));
        for (int level = 1; level <= 5; level++)
        {
            context->ReservedTable[level] = above | (level > 3 ? LargePage : 0);
            context->ReservedLeaf[level] = above;
        }

        context->ReservedLeaf[2] |= Bits(20, 13);
        context->ReservedLeaf[3] |= Bits(29, 13);
        context->ReservedAny = above;
    }

    // CR0.WP = 1, SMEP = 1; SMAP where the access says that it applies (supervisor data access with EFLAGS.AC = 0).
    private static byte RefusedRights(uint access)
    {
        int refused = 0;
        for (int rights = 0; rights < 8; rights++)
        {
            bool user = (rights & RightUser) != 0;
            bool bad = ((access & AccessWrite) != 0 && (rights & RightWrite) == 0)
                || ((access & AccessUser) != 0 && !user)
                || ((access & AccessFetch) != 0 && (rights & RightNoExecute) != 0)
                || ((access & (AccessFetch | AccessUser)) == AccessFetch && user)
                || ((access & AccessSmap) != 0 && user);
            refused |= bad ? 1 << rights : 0;
        }

        return (byte)refused;
    }

    private static ulong Bits(int high, int low) => ((2ul << high) - 1) & ~((1ul << low) - 1);
}
