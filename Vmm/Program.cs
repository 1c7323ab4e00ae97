// Vmm: entry point of the `mmu` command.
namespace Mmu.Vmm;

internal static class Program
{
    private static int Main() => 0;
}
