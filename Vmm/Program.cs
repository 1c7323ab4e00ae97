// Vmm: entry point of the `mmu` command.
using System;
using System.IO;
using System.Text;

namespace Mmu.Vmm;

internal static class Program
{
    private static int Main(string[] args)
    {
        // Listings run to hundreds of thousands of lines; the console's own writer flushes each.
        using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), 1 << 16) { NewLine = "\n" };
        return MmuCommand.Run(args, output, Console.Error, Console.IsErrorRedirected ? null : Console.Error);
    }
}
