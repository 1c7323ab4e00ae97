// Perf: how long faults took while the host changed something.
namespace Mmu.Perf.Tdp;

/// <summary>Faults beside one change.</summary>
/// <param name="What">The change.</param>
/// <param name="Milliseconds">How long the change took.</param>
/// <param name="Faults">Faults meanwhile, or at least an eighth of all.</param>
/// <param name="Median">Nanoseconds of a fault.</param>
/// <param name="P999">Microseconds that one fault of a thousand exceeds.</param>
/// <param name="Longest">Microseconds of the longest.</param>
internal sealed record TdpStallRow(string What, double Milliseconds, int Faults, double Median, double P999, double Longest);
