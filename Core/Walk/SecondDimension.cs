// Walk: what a nested walk asks of EPT or NPT, and how both answers become one.
using System;
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Walk;

/// <summary>The second dimension of a nested walk: which access it sees, and how its result combines with the guest's.</summary>
internal static class SecondDimension
{
    /// <summary>An access that sets a bit in a guest table, under EPT without accessed and dirty bits.</summary>
    internal const uint TableWrite = (uint)AccessKind.Write | WalkFaults.TableAccess;

    /// <summary>
    /// A load of the PDPTE registers, which counts as a read even with accessed and dirty bits on. Intel SDM "Accessed and Dirty Flags for
    /// EPT".
    /// </summary>
    internal const uint PdpteLoad = (uint)AccessKind.Read | WalkFaults.TableAccess;

    /// <summary>
    /// The access by which a guest table is read: where this dimension keeps accessed bits, a write. AMD APM "Nested Paging"; Intel SDM
    /// "Accessed and Dirty Flags for EPT".
    /// </summary>
    internal static uint TableRead(WalkContext second) => second.Style switch
    {
        FaultStyle.Npt => (uint)AccessKind.Write | (uint)AccessFlags.User | WalkFaults.TableAccess,
#if !MMU_FAULT_17
        _ when second.AccessedMask != 0 => TableWrite,
#endif
        _ => (uint)AccessKind.Read | WalkFaults.TableAccess,
    };

    /// <summary>The access by which a bit is set in a guest table.</summary>
    internal static uint TableWriteOf(WalkContext second) => second.Style == FaultStyle.Npt ? TableRead(second) : TableWrite;

    /// <summary>The access to the translated page.</summary>
    internal static uint FinalAccess(WalkContext second, uint access, uint rights)
    {
        uint kind = access & 3;
        bool user = second.Style == FaultStyle.Npt
#if MMU_FAULT_18
            ? (access & (uint)AccessFlags.User) != 0
#else
            ? !(second.GuestModeExecuteTrap && kind == (uint)AccessKind.Fetch && (access & (uint)AccessFlags.User) == 0)
#endif
            : (rights & (uint)Rights.User) != 0;
        return kind | (user ? (uint)AccessFlags.User : 0) | WalkFaults.FinalAccess;
    }

    /// <summary>Translates an address of the nested guest; false with the fault in <paramref name="result"/>.</summary>
    internal static unsafe bool TryTranslate<TMarking>(WalkContext second, ref SlotView view, ulong address, uint access, ref WalkResult result)
        where TMarking : struct, IMarking
    {
        if (!TMarking.Enabled)
        {
            return second.Code.Peek(second, ref view, address, access, ref result) != WalkLimits.NoAddress;
        }

        return (second.Log is not { } log || log.TryNote(second, ref view, address, access, ref result))
            && second.Code.Walk(second, ref view, address, access, ref result) != WalkLimits.NoAddress;
    }

    /// <summary>Combines the guest's result with the second dimension's, which <paramref name="result"/> holds.</summary>
    internal static void Combine(WalkContext second, in WalkResult guest, ref WalkResult result)
    {
        ulong info = result.Info;
        uint rights = (uint)(guest.Info >> WalkResult.RightsShift) & (RightsFor(second, guest, result) | (uint)Rights.User) & 0xF;
#if MMU_FAULT_19
        ulong shift = (guest.Info >> WalkResult.PageShiftShift) & 0xFF;
#else
        ulong shift = Math.Min((guest.Info >> WalkResult.PageShiftShift) & 0xFF, (info >> WalkResult.PageShiftShift) & 0xFF);
#endif
        ulong type = (ulong)CombinedType(second, guest, result);
        const ulong EachPatEntry = 0x24_9249;
        const ulong Replaced = (0xFUL << WalkResult.RightsShift) | (0xFFUL << WalkResult.PageShiftShift) | WalkResult.PatMask;
        result.Info = (guest.Info & ~Replaced)
            | ((ulong)rights << WalkResult.RightsShift)
            | (shift << WalkResult.PageShiftShift)
            | ((type * EachPatEntry) << WalkResult.PatShift)
            | WalkResult.NestedFlag;
        result.EntryValueBits = guest.EntryValueBits;
        result.NgpaValue = guest.GpaValue;
    }

    private static uint RightsFor(WalkContext second, in WalkResult guest, in WalkResult result)
    {
        uint rights = (uint)(result.Info >> WalkResult.RightsShift) & 0xF;
        bool userMode = ((guest.Info >> WalkResult.RightsShift) & (uint)Rights.User) != 0;
        if (!second.ModeBasedExecute || !userMode)
        {
            return rights;
        }

        // A user-mode address is fetched from by the right that EPT keeps in the place of the user bit.
        return (rights & ~(uint)Rights.Execute) | ((rights & (uint)Rights.User) != 0 ? (uint)Rights.Execute : 0);
    }

    private static MemoryType CombinedType(WalkContext second, in WalkResult guest, in WalkResult result)
    {
        if (second.Style == FaultStyle.Npt)
        {
            return MemoryTypes.Combine(result.MemoryType, guest.MemoryType);
        }

        var type = (MemoryType)((result.EntryValueBits >> 3) & 7);
        bool ignorePat = (result.EntryValueBits & 0x40) != 0;
        return ignorePat ? type : MemoryTypes.Combine(type, guest.MemoryType);
    }
}
