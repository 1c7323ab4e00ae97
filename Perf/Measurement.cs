// Perf: the figures of one competitor.
namespace Mmu.Perf;

/// <summary>
/// Nanoseconds a walk (median and tenth and ninetieth percentile over chunks) and what they are next to the floor and the C walk.
/// </summary>
/// <param name="Quiet">Whether the core was this process's alone in the chunks that count.</param>
/// <param name="Bytes">Managed bytes allocated while measuring, all chunks together.</param>
internal sealed record Measurement(
    string Mode,
    string Set,
    MeasureKind Kind,
    string Name,
    double Ns,
    double Low,
    double High,
    double? ToFloor,
    double? ToWalk,
    long Bytes,
    int Chunks,
    bool Quiet);
