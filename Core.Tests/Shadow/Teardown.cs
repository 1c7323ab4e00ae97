// Shadow judge: the end of a VM: nothing may be left of it.
using Mmu.Vm;

namespace Mmu.Tests.Shadow;

internal static class Teardown
{
    /// <summary>Destroys a VM, and checks that its tables, blocks and records all came back.</summary>
    /// <exception cref="JudgeException">Something did not.</exception>
    internal static void Check(MmuVm vm)
    {
        vm.Dispose();
        string left = $"{vm.Core.Tables.OutstandingPages} table pages, {vm.Core.Tables.OutstandingRoots} roots, {vm.Core.Private.OutstandingBlocks} blocks";
        if (left != "0 table pages, 0 roots, 0 blocks")
        {
            throw new JudgeException($"After the VM was destroyed there are left: {left}.");
        }
    }
}
