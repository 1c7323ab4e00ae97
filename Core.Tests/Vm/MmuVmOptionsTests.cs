// Options of a VM: each limit is named where it is broken.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Tests.Common;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Vm;

public sealed class MmuVmOptionsTests
{
    public static TheoryData<string, MmuVmOptions> Illegal => new()
    {
        { "TablePages", new MmuVmOptions { TablePages = 7 } },
        { "TablePages", new MmuVmOptions { TablePages = (1 << 22) + 1 } },
        { "TableQuota", new MmuVmOptions { TableQuota = 7 } },
        { "MaxVcpus", new MmuVmOptions { MaxVcpus = 0 } },
        { "MaxVcpus", new MmuVmOptions { MaxVcpus = MmuVmOptions.VcpuLimit + 1 } },
        { "PrivateBytes", new MmuVmOptions { PrivateBytes = 0 } },
        { "PrivateBytes", new MmuVmOptions { PrivateBytes = ulong.MaxValue } },
        { "HostPhysicalAddressBits", new MmuVmOptions { HostPhysicalAddressBits = 31 } },
        { "HostPhysicalAddressBits", new MmuVmOptions { HostPhysicalAddressBits = 53 } },
        { "EncryptionBit", new MmuVmOptions { EncryptionBit = 3UL << 47 } },
        { "EncryptionBit", new MmuVmOptions { EncryptionBit = 1 << 11 } },
        { "L1tf", new MmuVmOptions { L1tf = true } },
        { "L1tf", new MmuVmOptions { L1tf = true, HostPhysicalAddressBits = 46, EncryptionBit = 1UL << 45, FirstTableFrame = new Pfn(0x100) } },
        { "FirstTableFrame", new MmuVmOptions { HostPhysicalAddressBits = 46 } },
        { "FirstTableFrame", new MmuVmOptions { HostPhysicalAddressBits = 36, FirstTableFrame = new Pfn((1 << 24) - 65535) } },
        { "FirstTableFrame", new MmuVmOptions { FirstTableFrame = new Pfn(ulong.MaxValue) } },
        { "FirstTableFrame", new MmuVmOptions { FirstTableFrame = new Pfn(0x1000), EncryptionBit = 1UL << 24 } },
        { "PhysicalAddressBits", new MmuVmOptions { Features = new CpuFeatures { PhysicalAddressBits = 60 } } },
    };

    [Theory]
    [MemberData(nameof(Illegal), DisableDiscoveryEnumeration = true)]
    public void AnOptionOutsideItsLimitsIsNamed(string option, MmuVmOptions options)
    {
        ArgumentException thrown = Assert.ThrowsAny<ArgumentException>(() => MmuVm.CreateWithAnyEngine(options, new TestHost()).Dispose());
        Assert.Equal(option, thrown.ParamName);
        Assert.Contains(option == "PhysicalAddressBits" ? "MAXPHYADDR" : option, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingArgumentsAreNamed()
    {
        Assert.Throws<ArgumentNullException>("options", () => MmuVm.CreateWithAnyEngine(null!, new TestHost()));
        Assert.Throws<ArgumentNullException>("host", () => MmuVm.CreateWithAnyEngine(new MmuVmOptions(), null!));
    }

    [Fact]
    public void ThePrivateArenaThatIsTooSmallIsRefusedAtCreation() =>
        Assert.Throws<InvalidOperationException>(() => MmuVm.CreateWithAnyEngine(new MmuVmOptions { PrivateBytes = 4096, MaxVcpus = 1024 }, new TestHost()));

    [Fact]
    public void ThePlaceOfTheTablesIsTold()
    {
        MmuVmOptions options = new() { TablePages = 64, FirstTableFrame = new Pfn(0x1234), HostPhysicalAddressBits = 40 };
        using MmuVm vm = MmuVm.CreateWithAnyEngine(options, new TestHost());
        Assert.NotEqual((nuint)0, vm.TableMemory.HostAddress);
        Assert.Equal(64UL * 4096, vm.TableMemory.Bytes);
        Assert.Equal(new Pfn(0x1234), vm.TableMemory.FirstFrame);
    }

    [Fact]
    public void VcpusHaveALimitAndTheLowestFreeNumber()
    {
        using MmuVm vm = MmuVm.CreateWithAnyEngine(new MmuVmOptions { TablePages = 64, MaxVcpus = 2 }, new TestHost());
        MmuVcpu first = vm.CreateVcpu();
        using MmuVcpu second = vm.CreateVcpu();
        Assert.Contains("MaxVcpus", Assert.Throws<InvalidOperationException>(() => vm.CreateVcpu().Dispose()).Message, StringComparison.Ordinal);
        first.Dispose();
        first.Dispose();
        using MmuVcpu third = vm.CreateVcpu();
        Assert.Equal((1, 0), (second.Id, third.Id));
        Assert.Throws<ObjectDisposedException>(() => first.InvalidatePage(default));
    }
}
