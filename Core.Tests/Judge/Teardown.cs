// Judge: the end of a VM: nothing may be left of it.
using Mmu.Common;
using Mmu.Vm;

namespace Mmu.Tests.Judge;

internal static class Teardown
{
    /// <summary>Destroys a VM that no vCPU runs, and checks that its mappings, tables, blocks and roots all came back.</summary>
    /// <exception cref="JudgeException">Something did not.</exception>
    internal static void Check(MmuVm vm)
    {
        vm.ZapAll();
        while (vm.ReclaimObsolete())
        {
        }

        MmuStatistics statistics = vm.GetStatistics();
        vm.Dispose();
        string left = $"{statistics.Pages4K + statistics.Pages2M + statistics.Pages1G} mappings, {vm.Core.Tables.OutstandingPages} table pages, "
            + $"{vm.Core.Tables.OutstandingRoots} roots, {vm.Core.Private.OutstandingBlocks} blocks";
        if (left != "0 mappings, 0 table pages, 0 roots, 0 blocks")
        {
            throw new JudgeException($"Of a VM that was destroyed there are left: {left}.");
        }
    }
}
