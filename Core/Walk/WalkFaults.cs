// Walk: writes faults as the CPU reports them.
using System.Runtime.CompilerServices;
using Mmu.Architecture;

namespace Mmu.Walk;

/// <summary>Writes a fault into a result: error code, exit qualification or EXITINFO1, and what refused.</summary>
internal static class WalkFaults
{
    /// <summary>Added to an access's bits in a second dimension: the guest's walker reads or marks one of its tables.</summary>
    internal const uint TableAccess = 64;

    /// <summary>Added to an access's bits in a second dimension: the access itself.</summary>
    internal const uint FinalAccess = 128;

    private const ulong EptReadable = 0x08;
    private const ulong EptWritable = 0x10;
    private const ulong EptExecutable = 0x20;
    private const ulong EptUserExecutable = 0x40;
    private const ulong EptLinearAddressValid = 0x80;
    private const ulong EptFinalAccess = 0x100;
    private const ulong NptFinalAccess = 1UL << 32;
    private const ulong NptTableAccess = 1UL << 33;

    /// <summary>Reports that no entry was reached: the address is not canonical or too wide.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static ulong RaiseBeforeTables(WalkContext context, FaultCause cause, int rootLevel, ulong address, uint access, ref WalkResult result)
    {
        _ = Raise(context, cause, rootLevel, 0, 0, address, access, 0, byKey: false, ref result);
        return WalkLimits.NoAddress;
    }

    /// <summary>Reports a fault of one entry or of the whole path.</summary>
    /// <param name="context">The dimension that faulted.</param>
    /// <param name="cause">The rule that refused.</param>
    /// <param name="level">Level of the entry, or of the leaf.</param>
    /// <param name="entryAddress">Its address; 0 for a register.</param>
    /// <param name="entry">Its value.</param>
    /// <param name="address">The address being translated: linear, or guest-physical in a second dimension.</param>
    /// <param name="access">The access's bits, <see cref="TableAccess"/> and <see cref="FinalAccess"/> included.</param>
    /// <param name="rights">Rights of the path; 0 unless the whole path was read.</param>
    /// <param name="byKey">True if a protection key refuses.</param>
    /// <param name="result">Receives the fault.</param>
    /// <returns><see cref="StepOutcome.Fault"/>.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static StepOutcome Raise(
        WalkContext context,
        FaultCause cause,
        int level,
        ulong entryAddress,
        ulong entry,
        ulong address,
        uint access,
        uint rights,
        bool byKey,
        ref WalkResult result)
    {
        result = default;
        result.EntryAddressValue = entryAddress;
        result.EntryValueBits = entry;
        WalkOutcome outcome;
        ulong flags = 0;
        if (context.Style == FaultStyle.PageFault)
        {
            result.GvaValue = address;
            result.Code = (ulong)ErrorCode(context, cause, access, byKey);
            outcome = cause == FaultCause.NonCanonical ? WalkOutcome.NonCanonical : WalkOutcome.PageFault;
        }
        else
        {
            result.NgpaValue = address;
            flags = WalkResult.SecondDimensionFlag | ((access & FinalAccess) != 0 ? WalkResult.FinalAccessFlag : 0);
            outcome = context.Style == FaultStyle.Npt
                ? RaiseNpt(context, cause, access, byKey, ref result)
                : RaiseEpt(context, cause, access, rights, ref result);
        }

        result.Info = (ulong)outcome | ((ulong)level << WalkResult.LevelShift) | ((ulong)cause << WalkResult.CauseShift) | flags;
        return StepOutcome.Fault;
    }

    /// <summary>Reports that L1's log of modified pages has no room.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void RaiseLogFull(ulong address, ref WalkResult result)
    {
        result = default;
        result.NgpaValue = address;
        result.Info = (ulong)WalkOutcome.ModificationLogFull | WalkResult.SecondDimensionFlag;
    }

    /// <summary>Reports that entries kept changing.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static ulong GiveUp(ulong gva, ref WalkResult result)
    {
        result = default;
        result.GvaValue = gva;
        result.Info = (ulong)WalkOutcome.Retry | ((ulong)FaultCause.LostExchanges << WalkResult.CauseShift);
        return WalkLimits.NoAddress;
    }

    private static PageFaultCode ErrorCode(WalkContext context, FaultCause cause, uint access, bool byKey)
    {
        PageFaultCode code = IsNotPresent(cause) ? PageFaultCode.None : PageFaultCode.Present;
        code |= (access & 3) == (uint)AccessKind.Write ? PageFaultCode.Write : PageFaultCode.None;
        code |= (access & (uint)AccessFlags.User) != 0 ? PageFaultCode.User : PageFaultCode.None;
        code |= cause == FaultCause.ReservedBit ? PageFaultCode.Reserved : PageFaultCode.None;
#if MMU_FAULT_3
        code |= (access & 3) == (uint)AccessKind.Fetch ? PageFaultCode.Fetch : PageFaultCode.None;
#else
        code |= (access & 3) == (uint)AccessKind.Fetch && context.ReportsFetch ? PageFaultCode.Fetch : PageFaultCode.None;
#endif
        code |= byKey ? PageFaultCode.ProtectionKey : PageFaultCode.None;
        code |= (access & (uint)AccessFlags.ShadowStack) != 0 ? PageFaultCode.ShadowStack : PageFaultCode.None;
        return code;
    }

    private static WalkOutcome RaiseNpt(WalkContext context, FaultCause cause, uint access, bool byKey, ref WalkResult result)
    {
        result.Code = (ulong)ErrorCode(context, cause, access, byKey) | ((access & FinalAccess) != 0 ? NptFinalAccess : NptTableAccess);
        return WalkOutcome.NestedPageFault;
    }

    private static WalkOutcome RaiseEpt(WalkContext context, FaultCause cause, uint access, uint rights, ref WalkResult result)
    {
        if (cause is FaultCause.ReservedBit or FaultCause.BadRights or FaultCause.BadMemoryType)
        {
            return WalkOutcome.EptMisconfiguration;
        }

        bool isFinal = (access & FinalAccess) != 0;
        uint kind = access & 3;

        // An access to a guest table that sets a bit in it is a read and a write.
        result.Code = (isFinal || kind == (uint)AccessKind.Read ? 1UL << (int)kind : 3)
            | ((rights & (uint)Rights.Read) != 0 ? EptReadable : 0)
            | ((rights & (uint)Rights.Write) != 0 ? EptWritable : 0)
            | ((rights & (uint)Rights.Execute) != 0 ? EptExecutable : 0)
            | (context.ModeBasedExecute && (rights & (uint)Rights.User) != 0 ? EptUserExecutable : 0)
            | EptLinearAddressValid
#if MMU_FAULT_20
            | EptFinalAccess;
#else
            | (isFinal ? EptFinalAccess : 0);
#endif
        return WalkOutcome.EptViolation;
    }

#if MMU_FAULT_21
    private static bool IsNotPresent(FaultCause cause) => cause is FaultCause.NotPresent or FaultCause.AddressTooWide;
#else
    private static bool IsNotPresent(FaultCause cause) => cause is FaultCause.NotPresent or FaultCause.TableOutsideMemory or FaultCause.AddressTooWide;
#endif
}
