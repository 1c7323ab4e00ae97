// Sptes: entries that 4- and 5-level legacy paging runs on.
using System.Runtime.CompilerServices;
using Mmu.Architecture;

namespace Mmu.Sptes;

/// <summary>An SPTE for 4- and 5-level paging.</summary>
internal readonly struct LegacySpte : ISpteFormat
{
    private const ulong Present = 1;
    private const ulong Writable = 1UL << 1;
    private const ulong User = 1UL << 2;
    private const ulong Accessed = 1UL << 5;
    private const ulong Dirty = 1UL << 6;
    private const ulong Large = 1UL << 7;
    private const ulong HostWritable = 1UL << 9;
    private const ulong MmuWritable = 1UL << 10;
    private const ulong NoExecute = 1UL << 63;

    /// <inheritdoc/>
    public static string Name => "LegacySpte";

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MakeLeaf(SpteHost host, in LeafSpec spec)
    {
        ulong rights = (ulong)spec.Rights;
        ulong traits = (ulong)spec.Traits;
        ulong hostWritable = traits & 1;
        ulong mmuWritable = (traits >> 1) & hostWritable;
        ulong writable = (rights >> 1) & mmuWritable;
        ulong spte = Present | Spte.MmuPresent | (spec.Frame & host.FrameMask);
        spte |= (writable * (Writable | Dirty)) | (hostWritable << 9) | (mmuWritable << 10);
        spte |= (((traits >> 2) & 1 & ~(traits >> 5)) << 5) | (((traits >> 3) & 1) << 6);
        spte |= (((rights >> 2) & 1) << 2) | ((~(rights >> 3) & 1) << 63);
        spte |= spec.Level > 1 ? Large : 0;
        spte |= (spec.Traits & LeafTraits.NoEncryption) != 0 ? 0 : host.EncryptionBit;
        return spte | ((ulong)(spec.Key & 15) << 59);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MakeNonLeaf(SpteHost host, ulong frame) =>
        Present | Writable | User | Accessed | Spte.MmuPresent | host.EncryptionBit | (frame & host.FrameMask);

    /// <inheritdoc/>
    public static bool CachesMmio(SpteHost host) => host.MmioCaching;

    /// <inheritdoc/>
    public static ulong MakeMmio(SpteHost host, ulong gfn, Rights rights, uint generation)
    {
        ulong gpa = gfn << 12;
        if (host.MmioMark == 0 || gpa >> 12 != gfn || (gpa & ~host.AddressMask) != 0)
        {
            return Spte.Empty;
        }

        ulong low = (generation & 0x7FUL) << 3;
        ulong high = ((generation >> 7) & 0x7FFUL) << 52;
        return Present | host.MmioMark | host.HideMmioAddress(gpa) | ((ulong)rights & 6) | low | high;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsMmio(SpteHost host, ulong spte)
    {
        ulong mark = Present | host.MmioMark;
        return host.MmioMark != 0 && (spte & (mark | Spte.MmuPresent | Spte.Empty)) == mark;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MmioGfn(SpteHost host, ulong spte) => host.FindMmioAddress(spte) >> 12;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint MmioGeneration(ulong spte) => (uint)((spte >> 3) & 0x7F) | (uint)(((spte >> 52) & 0x7FF) << 7);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rights MmioRights(ulong spte) => Rights.Read | (Rights)(spte & 6);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsWritable(ulong spte) => (spte & Writable) != 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsMmuWritable(ulong spte) => (spte & MmuWritable) != 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsHostWritable(ulong spte) => (spte & HostWritable) != 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsAccessed(ulong spte) => (spte & Accessed) != 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsDirty(ulong spte) => (spte & Dirty) != 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsExecutable(ulong spte) => (spte & NoExecute) == 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsUser(ulong spte) => (spte & User) != 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rights RightsOf(ulong spte) =>
        Spte.IsPresent(spte) ? Rights.Read | (Rights)(spte & 6) | (Rights)((~spte >> 63) << 3) : Rights.None;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong WriteProtect(ulong spte, bool keepMmuWritable) => spte & ~(keepMmuWritable ? Writable : Writable | MmuWritable);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong RestoreWrite(ulong spte) => spte | Writable;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ClearAccessed(ulong spte) => spte & ~Accessed;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsAccessTracked(ulong spte) => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong RestoreAccess(ulong spte) => spte;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ClearDirty(ulong spte) => spte & ~Dirty;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong SplitChild(SpteHost host, ulong hugeSpte, int hugeLevel, int index, bool executable)
    {
        ulong child = hugeSpte + ((ulong)index << (12 + (9 * (hugeLevel - 2))));
        child &= hugeLevel == 2 ? ~Large : ulong.MaxValue;
        return executable ? child & ~NoExecute : child;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool NeedsAtomic(ulong spte) =>
        Spte.IsPresent(spte)
        && ((spte & (Writable | MmuWritable)) == MmuWritable || (spte & (Writable | HostWritable | Dirty)) == (Writable | HostWritable));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SpteConsequences Compare(ulong old, ulong @new)
    {
        if (!Spte.IsPresent(old))
        {
            return SpteConsequences.None;
        }

        // What is kept of the old entry: nothing, if the new one names nothing or something else.
        ulong kept = Spte.IsPresent(@new) && ((old ^ @new) & Spte.FrameMask) == 0 ? @new : 0;
        ulong lost = old & ~kept;
        SpteConsequences consequences = SpteConsequences.None;
        consequences |= (lost & Accessed) != 0 ? SpteConsequences.AccessedLost : 0;
        consequences |= (lost & Dirty) != 0 ? SpteConsequences.DirtyLost : 0;
        bool flush = kept == 0 || (lost & (Accessed | Dirty)) != 0 || ((old & MmuWritable) != 0 && (kept & Writable) == 0);
        return flush ? consequences | SpteConsequences.Flush : consequences;
    }

    /// <inheritdoc/>
    public static string Describe(ulong spte, int level) => spte.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}
