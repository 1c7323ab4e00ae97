// Perf: entry point; `compare` prints same-run ratios, `gate` compares with what was accepted, `bench` hands over to BenchmarkDotNet.
using System;
#if !DEBUG
using BenchmarkDotNet.Running;
using Mmu.Perf.Gate;
#endif

namespace Mmu.Perf;

internal static class Program
{
    private static int Main(string[] arguments)
    {
#if DEBUG
        Console.Error.WriteLine("A Debug build measures asserts, not walks: run with -c Release.");
        _ = arguments;
        return 2;
#else
        switch (arguments)
        {
            case ["compare", .. string[] rest]:
                return CompareCommand.Run(rest);
            case ["bench", .. string[] rest]:
                _ = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(rest);
                return 0;
            case ["gate", .. string[] rest]:
                return GateCommand.Run(rest);
            default:
                Console.Error.WriteLine(CompareOptions.Usage);
                Console.Error.WriteLine(GateCommand.Usage);
                Console.Error.WriteLine("bench [BenchmarkDotNet arguments]");
                return 2;
        }
#endif
    }
}
