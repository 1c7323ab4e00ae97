// Perf: a line of the table of the Shadow MMU.
namespace Mmu.Perf.Shadow;

/// <summary>One subject of one operation.</summary>
/// <param name="Ns">Median, and tenth and ninetieth percentile.</param>
/// <param name="ToFloor">Times the first floor of the operation, in the same rounds.</param>
/// <param name="Goal">Most nanoseconds; of the Shadow MMU only.</param>
/// <param name="RatioGoal">Most times the floor; of the Shadow MMU only.</param>
internal sealed record ShadowRow(
    string Mode, string What, string Name, double Ns, double Low, double High, double? ToFloor, double? Goal, double? RatioGoal, long Bytes, int Rounds, bool Quiet)
{
    /// <summary>Null if there is no goal.</summary>
    public bool? Met => Goal is null && RatioGoal is null ? null : !(Ns > Goal) && !(ToFloor > RatioGoal) && Bytes == 0;
}
