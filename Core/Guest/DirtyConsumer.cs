// Guest: what one consumer of a slot's dirty log keeps.
using Mmu.Memory;

namespace Mmu.Guest;

/// <summary>
/// One consumer's view of a slot's dirty pages. A page whose bit in <see cref="Written"/> is clear cannot be written unnoticed: whoever takes a bit
/// sees to it that the next write shows.
/// </summary>
internal sealed class DirtyConsumer
{
    private DirtyConsumer(DirtyBitmap written, DirtyBitmap? unringed)
    {
        Written = written;
        Unringed = unringed;
    }

    /// <summary>Pages that were, or may have been, written since this consumer last took them.</summary>
    internal DirtyBitmap Written { get; }

    /// <summary>Of a consumer of rings: pages that are in no ring, as no vCPU wrote them or its ring was full (bug 16).</summary>
    internal DirtyBitmap? Unringed { get; }

    /// <summary>Pages that were reported and not confirmed yet; made when it is first needed.</summary>
    internal DirtyBitmap? Reported { get; private set; }

    /// <summary>Hashes of what pages held when they were last reported; null unless the log verifies itself.</summary>
    internal PageHashes? Hashes { get; private set; }

    /// <summary>The slot is gone, or the session was closed: nothing may be asked any more.</summary>
    internal bool IsEnded { get; private set; }

    /// <summary>The pages that a harvest takes.</summary>
    internal DirtyBitmap Source => Unringed ?? Written;

    internal ulong Bytes => Written.Bytes + (Unringed?.Bytes ?? 0) + (Reported?.Bytes ?? 0) + (Hashes?.Bytes ?? 0);

    /// <summary>Makes a consumer; false if the private arena has no room.</summary>
    internal static bool TryCreate(PrivateArena arena, ulong pages, bool rings, bool verify, out DirtyConsumer consumer)
    {
        DirtyBitmap? unringed = null;
        PageHashes? hashes = null;
        bool made = DirtyBitmap.TryCreate(arena, pages, out DirtyBitmap written)
            & (!rings || DirtyBitmap.TryCreate(arena, pages, out unringed))
            & (!verify || PageHashes.TryCreate(arena, pages, out hashes));
        consumer = new DirtyConsumer(written, unringed) { Hashes = hashes };
        if (!made)
        {
            consumer.Release();
        }

        return made;
    }

    /// <summary>Makes <see cref="Reported"/>; false if the private arena has no room.</summary>
    internal bool TryMakeReported(PrivateArena arena, ulong pages)
    {
        if (Reported is null && DirtyBitmap.TryCreate(arena, pages, out DirtyBitmap reported))
        {
            Reported = reported;
        }

        return Reported is not null;
    }

    /// <summary>A page was written, or may be from now on.</summary>
    internal void Mark(uint slot, ulong page, DirtyRing? ring)
    {
        if (Written.Set(page) && Unringed is { } unringed
#if MMU_FAULT_152
            && ring?.TryPush(slot, page) == false)
#else
            && ring?.TryPush(slot, page) != true)
#endif
        {
            _ = unringed.Set(page);
        }
    }

    /// <summary>Gives the memory back; nobody marks any more.</summary>
    internal void Release()
    {
        if (IsEnded)
        {
            return;
        }

        IsEnded = true;
        Written.Release();
        Unringed?.Release();
        Reported?.Release();
        Hashes?.Release();
    }
}
