// Perf: entry point; `compare` prints same-run ratios, `bench` hands over to BenchmarkDotNet.
namespace Mmu.Perf;

internal static class Program
{
    private static int Main() => 0;
}
