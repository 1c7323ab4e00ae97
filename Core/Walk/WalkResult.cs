// Walk: what a walk found: a translation, or the exact fault.
using System;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;

namespace Mmu.Walk;

/// <summary>The result of a walk: 64 bytes, written in place. Members that do not belong to <see cref="Outcome"/> return 0.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct WalkResult : IEquatable<WalkResult>
{
    // Info: 7:0 outcome, 11:8 level, 15:12 rights, 23:16 page shift, 31:24 cause, 55:32 the eight PAT types of 3 bits, then flags.
    internal const int LevelShift = 8;
    internal const int RightsShift = 12;
    internal const int PageShiftShift = 16;
    internal const int CauseShift = 24;
    internal const int PatShift = 32;
    internal const ulong SecondDimensionFlag = 1UL << 56;
    internal const ulong GlobalPagesFlag = 1UL << 57;
    internal const ulong FinalAccessFlag = 1UL << 58;
    internal const ulong NestedFlag = 1UL << 59;
    internal const ulong PatMask = 0xFF_FFFFUL << PatShift;

    // A fault starts from an all-zero result, so that the members of a translation need not ask how the walk ended.
    internal ulong GpaValue;
    internal nuint HostValue;
    internal ulong EntryValueBits;
    internal ulong Info;
    internal ulong EntryAddressValue;
    internal ulong Code;
    internal ulong GvaValue;
    internal ulong NgpaValue;

    /// <summary>How the walk ended.</summary>
    public readonly WalkOutcome Outcome => (WalkOutcome)(Info & 0xFF);

    /// <summary>True if the address was translated.</summary>
    public readonly bool IsTranslated => Outcome == WalkOutcome.Translated;

    /// <summary>On success the translated address in terms of memory slots, after both dimensions of a nested walk.</summary>
    public readonly Gpa Gpa => new(GpaValue);

    /// <summary>
    /// Of a nested walk: on success the address before the second dimension; on a second-dimension fault the address that did not
    /// translate.
    /// </summary>
    public readonly Ngpa NestedGpa
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(IsTranslated ? ((Info & NestedFlag) != 0 ? NgpaValue : 0) : (Info & SecondDimensionFlag) != 0 ? NgpaValue : 0);
    }

    /// <summary>On success the pointer to the byte in this process; 0 if the address lies outside every slot (MMIO).</summary>
    /// <remarks>
    /// Valid up to the end of the 4-KiB page, and until the slot is removed. It is given for writes to read-only slots too, which the
    /// caller must not make through it;
    /// <see cref="GuestWalker.TryWrite"/> and <see cref="Guest.GuestMemory.TryWrite"/> refuse them.
    /// </remarks>
    public readonly nuint HostAddress => HostValue;

    /// <summary>On success the page's size in bytes: the smaller of the two in a nested walk.</summary>
    public readonly ulong PageBytes => IsTranslated ? 1UL << PageShift : 0;

    /// <summary>On success log2 of the page's size in bytes.</summary>
    public readonly int PageShift => IsTranslated ? (int)(Info >> PageShiftShift) & 0xFF : 0;

    /// <summary>On success what the whole path allows.</summary>
    public readonly Rights Rights => IsTranslated ? (Rights)((Info >> RightsShift) & 0xF) : Rights.None;

    /// <summary>On success the index of the leaf's PAT entry, from its PWT, PCD and PAT bits.</summary>
    public readonly int PatIndex
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if (!IsTranslated)
            {
                return 0;
            }

            int pat = (int)(EntryValueBits >> (Level == 1 ? 7 : 12)) & 1;
            return (int)(EntryValueBits >> 3 & 3) | pat << 2;
        }
    }

    /// <summary>On success the memory type that paging gives, both dimensions combined.</summary>
    public readonly MemoryType MemoryType
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsTranslated ? (MemoryType)((Info >> (PatShift + (3 * PatIndex))) & 7) : MemoryType.Uncacheable;
    }

    /// <summary>On success true if the translation is global: it outlives a CR3 write.</summary>
    public readonly bool IsGlobal
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsTranslated && (Info & GlobalPagesFlag) != 0 && (EntryValueBits & 0x100) != 0;
    }

    /// <summary>The level of the leaf, or of the entry that refused; 0 if no entry was read.</summary>
    public readonly int Level => (int)(Info >> LevelShift) & 0xF;

    /// <summary>The leaf of the guest's own tables on success, else the entry that refused as it was read.</summary>
    public readonly ulong Entry => EntryValueBits;

    /// <summary>On a fault the address of the entry that refused, in the address space of its dimension; 0 for a PDPTE register.</summary>
    public readonly ulong EntryAddress => IsTranslated ? 0 : EntryAddressValue;

    /// <summary>On a fault the rule that refused.</summary>
    public readonly FaultCause Cause => IsTranslated ? FaultCause.None : (FaultCause)((Info >> CauseShift) & 0xFF);

    /// <summary>On a fault true if the second dimension of a nested walk refused.</summary>
    public readonly bool InSecondDimension => (Info & SecondDimensionFlag) != 0;

    /// <summary>On a second-dimension fault true for the access itself, false for an access to one of the guest's tables.</summary>
    public readonly bool OnFinalAccess => (Info & FinalAccessFlag) != 0;

    /// <summary>On a fault the linear address, untagged: CR2 of a page fault.</summary>
    public readonly Gva LinearAddress => new(IsTranslated ? 0 : GvaValue);

    /// <summary>The error code of a <see cref="WalkOutcome.PageFault"/>.</summary>
    public readonly PageFaultCode ErrorCode => Outcome == WalkOutcome.PageFault ? (PageFaultCode)Code : PageFaultCode.None;

    /// <summary>
    /// The exit qualification of a <see cref="WalkOutcome.EptViolation"/>. Intel SDM "Exit Qualification for EPT Violations".
    /// </summary>
    public readonly ulong ExitQualification => Outcome == WalkOutcome.EptViolation ? Code : 0;

    /// <summary>EXITINFO1 of a <see cref="WalkOutcome.NestedPageFault"/>. AMD APM "Nested versus Guest Page Faults".</summary>
    public readonly ulong ExitInfo1 => Outcome == WalkOutcome.NestedPageFault ? Code : 0;

    /// <summary>True if both hold the same answer; members that do not belong to the outcome do not count.</summary>
    public static bool operator ==(in WalkResult left, in WalkResult right) => left.Equals(right);

    /// <summary>True if the answers differ.</summary>
    public static bool operator !=(in WalkResult left, in WalkResult right) => !left.Equals(right);

    /// <inheritdoc/>
    public readonly bool Equals(WalkResult other) =>
        Info == other.Info && Entry == other.Entry && EntryAddress == other.EntryAddress && Gpa == other.Gpa && HostAddress == other.HostAddress
        && NestedGpa == other.NestedGpa && LinearAddress == other.LinearAddress && (IsTranslated || Code == other.Code);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is WalkResult other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(Info, Entry, Gpa, LinearAddress);

    /// <summary>Describes the result on one line.</summary>
    public override readonly string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Outcome} {(IsTranslated ? $"{Gpa} 0x{PageBytes:x} bytes, {Rights}, {MemoryType}" : $"{Cause} code=0x{Code:x} {LinearAddress} {NestedGpa} level={Level} entry=0x{Entry:x} at 0x{EntryAddress:x}")}");
}
