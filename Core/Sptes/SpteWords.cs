// Sptes: words for entries that map nothing, alike in all formats.
using System.Globalization;
using Mmu.Architecture;

namespace Mmu.Sptes;

/// <summary>Words for entries that are not present.</summary>
internal static class SpteWords
{
    /// <summary>Describes an entry without <see cref="Spte.MmuPresent"/>, given its generation if it has the mark of MMIO.</summary>
    public static string NotPresent(ulong spte, uint? generation, Rights kept) => spte switch
    {
        Spte.Empty => "empty",
        Spte.Frozen => "frozen",
        _ when generation is { } number =>
            string.Create(CultureInfo.InvariantCulture, $"mmio address=0x{spte & Spte.FrameMask:x} generation={number} rights={kept}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"not present 0x{spte:x16}"),
    };
}
