// Vmm: entry point of the `mmu` command.
using System;
using System.IO;
using System.Text;

namespace Mmu.Vmm;

internal static class Program
{
    // Listings run to hundreds of thousands of lines; the console's own writer flushes each. Never disposed: MmuCommand flushes it,
    // and disposing would try once more to write what could not be written.
    private static readonly StreamWriter _output = new(Console.OpenStandardOutput(), new UTF8Encoding(false), 1 << 16) { NewLine = "\n" };

    private static int Main(string[] args)
    {
        return MmuCommand.Run(args, _output, Console.Error, Console.IsErrorRedirected ? null : Console.Error);
    }
}
