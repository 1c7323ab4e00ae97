// Walk: one entry of an explained walk.
using System.Globalization;
using Mmu.Architecture;

namespace Mmu.Walk;

/// <summary>One entry that an explained walk read.</summary>
/// <param name="Mode">Name of the paging mode that read it.</param>
/// <param name="InSecondDimension">True for an entry of EPT or NPT.</param>
/// <param name="Level">Its level.</param>
/// <param name="EntryAddress">Its address in its dimension's physical space.</param>
/// <param name="Entry">Its value.</param>
/// <param name="FoldedRights">Rights of the path down to and including it.</param>
public readonly record struct WalkStep(string Mode, bool InSecondDimension, int Level, ulong EntryAddress, ulong Entry, Rights FoldedRights)
{
    /// <summary>Describes the step on one line.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(InSecondDimension ? "  " : string.Empty)}{Mode} level {Level}: entry 0x{Entry:x16} at 0x{EntryAddress:x} → {FoldedRights}");
}
