// Perf: a VM's table arena before anything is measured.
using Mmu.Vm;

namespace Mmu.Perf;

/// <summary>The pages of a table arena.</summary>
internal static unsafe class TablePages
{
    private const ulong PageBytes = 4096;

    /// <summary>Touches every page. The first touch of a page is the host's business; here it is done, with the value that is there.</summary>
    public static void Touch(MmuVm vm)
    {
        TableMemory tables = vm.TableMemory;
        for (ulong at = 0; at < tables.Bytes; at += PageBytes)
        {
            ulong* word = (ulong*)(tables.HostAddress + (nuint)at);
            *word = *word;
        }
    }
}
