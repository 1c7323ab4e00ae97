// Scenarios: the method around which callgrind counts.
using System.Runtime.CompilerServices;

namespace Mmu.Perf.Scenarios;

/// <summary>Named on callgrind's command line: it counts what runs in here, and writes a profile at each return.</summary>
internal static class Measured
{
    /// <summary>One turn.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Turn(Subject subject, int chunk) => subject.Run(chunk);
}
