// Perf: the ways in which a chunk of addresses is walked.
namespace Mmu.Perf;

/// <summary>How the walks of a chunk follow one another.</summary>
internal enum MeasureKind
{
    /// <summary>The next address depends on the last result: latency.</summary>
    Dependent,

    /// <summary>A plain loop: the CPU overlaps walks as far as it can.</summary>
    Independent,

    /// <summary>As many as the walker likes in flight.</summary>
    Batch,

    /// <summary>Writes to pages whose A and D are clear.</summary>
    Write,
}
