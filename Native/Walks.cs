// Native: results of walks.
using System.Runtime.CompilerServices;
using Mmu.Common;
using Mmu.Native.Abi;
using Mmu.Walk;

namespace Mmu.Native;

/// <summary>Writes results of walks for the C side.</summary>
internal static unsafe class Walks
{
    /// <summary>Writes a result into a struct whose size was checked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Write(in WalkResult result, AbiWalk* target)
    {
        if (target->StructSize == sizeof(AbiWalk))
        {
            Fill(result, target);
            return;
        }

        AbiWalk walk;
        Fill(result, &walk);
        Sized.Write(target, walk);
    }

    /// <summary>What handling a fault found.</summary>
    internal static AbiFaultResult ResultOf(FaultOutcome outcome, in FaultResult found) => new()
    {
        Outcome = outcome,
        Gpa = found.Gpa.Value,
        Token = found.Token,
        HitsOwnTables = found.HitsOwnTables ? 1u : 0,
        IsPrivate = found.IsPrivate ? 1u : 0,
    };

    // Field by field into the caller's struct: it is written once.
    private static void Fill(in WalkResult result, AbiWalk* target)
    {
        target->Outcome = result.Outcome;
        target->Gpa = result.Gpa.Value;
        target->HostAddress = result.HostAddress;
        target->Entry = result.Entry;
        target->Level = (uint)result.Level;
        target->NestedGpa = result.NestedGpa.Value;
        if (result.IsTranslated)
        {
            target->PageShift = (uint)result.PageShift;
            target->Rights = result.Rights;
            target->MemoryType = result.MemoryType;
            target->Flags = result.IsGlobal ? WalkFlags.Global : WalkFlags.None;
            target->Cause = 0;
            target->EntryAddress = 0;
            target->LinearAddress = 0;
            target->Code = 0;
            return;
        }

        target->PageShift = 0;
        target->Rights = 0;
        target->MemoryType = 0;
        target->Flags = (result.InSecondDimension ? WalkFlags.SecondDimension : 0) | (result.OnFinalAccess ? WalkFlags.FinalAccess : 0);
        target->Cause = result.Cause;
        target->EntryAddress = result.EntryAddress;
        target->LinearAddress = result.LinearAddress.Value;
        target->Code = (ulong)result.ErrorCode | result.ExitQualification | result.ExitInfo1;
    }
}
