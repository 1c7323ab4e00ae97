// A VM on nested paging in words.
using System;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Common;
using Mmu.Tests.Guest;
using Mmu.Tests.Vm;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Tdp.Rows;

public sealed class DumpTests
{
    [Theory]
    [InlineData(TdpFormat.Ept)]
    [InlineData(TdpFormat.EptNoAccessedDirty)]
    [InlineData(TdpFormat.Npt)]
    public void NestedTablesAreToldByGuestPhysicalAddress(TdpFormat format)
    {
        using GuardedPages memory = new(16);
        using MmuVm vm = MmuVm.Create(new MmuVmOptions { TablePages = 64, MaxVcpus = 1, Tdp = new TdpOptions { Format = format } }, new TestHost());
        vm.AddSlot(new MemorySlot(new Gpa(0), 16 * 4096, memory.Address));
        MmuVcpu vcpu = vm.CreateVcpu();
        TestVm.Load(vcpu);
        Assert.Equal(FaultOutcome.Fixed, vcpu.Prefault(new Gpa(0x3000), 0x4000, out _));
        Assert.Contains("0000000000003000-0000000000006fff level 1: leaf ", vm.Dump(), StringComparison.Ordinal);
    }
}
