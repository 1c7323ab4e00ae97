// Native: results of walks.
using System.Runtime.CompilerServices;
using Mmu.Architecture;
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
        if (target->StructSize == sizeof(AbiWalk) && result.IsTranslated)
        {
            WriteTranslation(result, target);
            return;
        }

        WriteOther(result, target);
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

    // Field by field into the caller's struct, which so is written once; all loads before the first store, as the compiler cannot know that they are apart.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteTranslation(in WalkResult result, AbiWalk* target)
    {
        ulong gpa = result.Gpa.Value;
        ulong host = result.HostAddress;
        ulong entry = result.Entry;
        uint level = (uint)result.Level;
        uint shift = (uint)result.PageShift;
        Rights rights = result.Rights;
        MemoryType type = result.MemoryType;
        WalkFlags flags = result.IsGlobal ? WalkFlags.Global : WalkFlags.None;
        ulong nested = result.NestedGpa.Value;
        target->Outcome = WalkOutcome.Translated;
        target->Gpa = gpa;
        target->HostAddress = host;
        target->Entry = entry;
        target->Level = level;
        target->PageShift = shift;
        target->Rights = rights;
        target->MemoryType = type;
        target->Flags = flags;
        target->Cause = FaultCause.None;
        target->EntryAddress = 0;
        target->LinearAddress = 0;
        target->Code = 0;
        target->NestedGpa = nested;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WriteOther(in WalkResult result, AbiWalk* target)
    {
        AbiWalk walk;
        if (result.IsTranslated)
        {
            WriteTranslation(result, &walk);
        }
        else
        {
            walk = new AbiWalk
            {
                Outcome = result.Outcome,
                Entry = result.Entry,
                Level = (uint)result.Level,
                Flags = (result.InSecondDimension ? WalkFlags.SecondDimension : 0) | (result.OnFinalAccess ? WalkFlags.FinalAccess : 0),
                Cause = result.Cause,
                EntryAddress = result.EntryAddress,
                LinearAddress = result.LinearAddress.Value,
                Code = (ulong)result.ErrorCode | result.ExitQualification | result.ExitInfo1,
                NestedGpa = result.NestedGpa.Value,
            };
        }

        Sized.Write(target, walk);
    }
}
