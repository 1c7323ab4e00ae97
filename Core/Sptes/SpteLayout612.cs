// Sptes: entries as Linux 6.12 lays them out, so that recordings of such kernels can be read.
namespace Mmu.Sptes;

/// <summary>
/// Turns entries of the layout of Linux 6.12 into the current one and back. What one of the two cannot say is refused: the ninth low bit
/// of a generation, protection keys, dirty pages without W and without hardware that sets D.
/// </summary>
/// <remarks>
/// In that layout the type of A and D is at bits 53:52, saved rights are at bits 54 (R) and 56 (X), host- and MMU-writable of EPT at bits
/// 57 and 58, and an MMIO entry has 19 bits of generation at bits 10:3 and 62:52. X of EPT speaks for all fetches.
/// </remarks>
internal static class SpteLayout612
{
    private const ulong Frozen = 0x5A0 | (1UL << 63);
    private const ulong LowGeneration = 0x7F8;
    private const ulong HighBits = 0x7FFUL << 52;
    private const int GenerationBits = 18;

    private const ulong Writable = 1UL << 1;
    private const ulong Executable = 1UL << 2;
    private const ulong Accessed = 1UL << 8;
    private const ulong Dirty = 1UL << 9;
    private const ulong UserExecutable = 1UL << 10;
    private const ulong Rights = 7;

    // What is alike in both EPT layouts: rights, memory type, IPAT, PS, A, D, MMU-present, frame, suppress #VE.
    private const ulong EptAlike = 0xBFF | Spte.FrameMask | (1UL << 63);
    private const int OldSavedReadable = 54;
    private const int OldSavedExecutable = 56;
    private const int OldHostWritable = 57;
    private const int OldMmuWritable = 58;
    private const int OldType = 52;
    private const int NoAccessedDirty = 1;
    private const ulong OldEptKnown = EptAlike | (3UL << OldType) | (1UL << OldSavedReadable) | (1UL << OldSavedExecutable)
        | (1UL << OldHostWritable) | (1UL << OldMmuWritable);

    /// <summary>Turns an EPT entry into the current layout; false if that cannot say it.</summary>
    public static bool TryEptToCurrent(ulong old, out ulong current)
    {
        if (!Spte.IsPresent(old))
        {
            return TryAbsentToCurrent(old, isMmio: (old & (Rights | (1UL << 63))) == 6, out current);
        }

        ulong type = (old >> OldType) & 3;
        bool software = type == NoAccessedDirty;
        bool tracked = (old & Rights) == 0;
        current = (old & EptAlike) | (type << EptNoAdSpte.AccessedDirtyTypeShift)
            | Move(old, OldSavedReadable, EptNoAdSpte.SavedReadableMask)
            | Move(old, OldSavedExecutable, EptNoAdSpte.SavedExecutableMask | EptNoAdSpte.SavedUserExecutableMask)
            | Move(old, OldHostWritable, EptNoAdSpte.HostWritableMask)
            | Move(old, OldMmuWritable, EptNoAdSpte.MmuWritableMask)
            | ((old & Executable) != 0 ? UserExecutable : 0);

        // Without hardware that sets them, that layout has no A and D: rights say as much.
        if (software && !IsOldTable(old))
        {
            current |= (tracked ? 0 : Accessed) | ((old & Writable) != 0 ? Dirty : 0);
        }

        return type != 3 && (old & ~OldEptKnown) == 0 && (!software || (old & (Accessed | Dirty)) == 0);
    }

    /// <summary>Turns an EPT entry of the current layout into that of Linux 6.12; false if that cannot say it.</summary>
    public static bool TryEptFromCurrent(ulong current, out ulong old)
    {
        if (!Spte.IsPresent(current))
        {
            return TryAbsentFromCurrent(current, isMmio: (current & (Rights | (1UL << 63))) == 6, out old);
        }

        ulong type = (current & EptNoAdSpte.AccessedDirtyTypeMask) >> EptNoAdSpte.AccessedDirtyTypeShift;
        old = (current & EptAlike) | (type << OldType)
            | ((current & EptNoAdSpte.SavedReadableMask) != 0 ? 1UL << OldSavedReadable : 0)
            | ((current & EptNoAdSpte.SavedExecutableMask) != 0 ? 1UL << OldSavedExecutable : 0)
            | ((current & EptNoAdSpte.HostWritableMask) != 0 ? 1UL << OldHostWritable : 0)
            | ((current & EptNoAdSpte.MmuWritableMask) != 0 ? 1UL << OldMmuWritable : 0);
        old &= type == NoAccessedDirty ? ~(Accessed | Dirty) : ulong.MaxValue;

        // Whatever was lost on the way is missing on the way back.
        return TryEptToCurrent(old, out ulong again) && again == current;
    }

    /// <summary>Turns a legacy or NPT entry into the current layout; false if that cannot say it.</summary>
    public static bool TryLegacyToCurrent(ulong old, out ulong current)
    {
        current = old;
        return Spte.IsPresent(old)
            ? (old & HighBits) == 0
            : TryAbsentToCurrent(old, isMmio: (old & (1 | (1UL << 63))) == 1, out current);
    }

    /// <summary>Turns a legacy or NPT entry of the current layout into that of Linux 6.12; false if that cannot say it.</summary>
    public static bool TryLegacyFromCurrent(ulong current, out ulong old)
    {
        old = current;
        return Spte.IsPresent(current)
            ? (current & HighBits) == 0
            : TryAbsentFromCurrent(current, isMmio: (current & (1 | (1UL << 63))) == 1, out old);
    }

    private static bool TryAbsentToCurrent(ulong old, bool isMmio, out ulong current)
    {
        if (isMmio)
        {
            ulong generation = ((old & LowGeneration) >> 3) | ((old & HighBits) >> 52 << 8);
            current = (old & ~(LowGeneration | HighBits)) | ((generation & 0x7F) << 3) | (generation >> 7 << 52);
            return generation >> GenerationBits == 0;
        }

        current = old == Frozen ? Spte.Frozen : old;
        return old is 0 or Spte.Empty or Frozen;
    }

    private static bool TryAbsentFromCurrent(ulong current, bool isMmio, out ulong old)
    {
        if (isMmio)
        {
            ulong generation = ((current & LowGeneration) >> 3) | ((current & HighBits) >> 52 << 7);
            old = (current & ~(LowGeneration | HighBits)) | ((generation & 0xFF) << 3) | (generation >> 8 << 52);
            return (current & (1UL << 10)) == 0;
        }

        old = current == Spte.Frozen ? Frozen : current;
        return current is 0 or Spte.Empty or Spte.Frozen;
    }

    // An entry that names a table has W without being host-writable, which no leaf has.
    private static bool IsOldTable(ulong old) => (old & Writable) != 0 && (old & (1UL << OldHostWritable)) == 0;

    private static ulong Move(ulong word, int bit, ulong mask) => (word & (1UL << bit)) != 0 ? mask : 0;
}
