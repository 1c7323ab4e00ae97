// A VM in words: what its tables map, and no more of it than was asked for.
using System;
using System.Buffers.Binary;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Common;
using Mmu.Tests.Guest;
using Mmu.Tests.Vm;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Shadow.Rows;

public sealed class DumpTests : IDisposable
{
    private const int Pages = 64;
    private const ulong Data = 0x10_000;
    private const ulong Paging = 0x8001_0001;

    private readonly GuardedPages _memory = new(Pages);

    // Frames below 4 GiB, so that guests of every mode have a root.
    private readonly MmuVm _vm = MmuVm.Create(new MmuVmOptions { TablePages = 256, MaxVcpus = 1, FirstTableFrame = new Pfn(0x1000) }, new TestHost());
    private readonly MmuVcpu _vcpu;

    public DumpTests()
    {
        _vm.AddSlot(new MemorySlot(new Gpa(0), Pages * 4096, _memory.Address, new Pfn(0x10_0000), SlotFlags.None));
        _vcpu = _vm.CreateVcpu();
    }

    public void Dispose()
    {
        _vcpu.Dispose();
        _vm.Dispose();
        _memory.Dispose();
    }

    [Theory]
    [InlineData(Paging, 0x20, 0xD00, 0x40_0000, "0000000000400000-0000000000402fff")]
    [InlineData(Paging, 0x20, 0, 0x40_0000, "0000000000400000-0000000000402fff")]
    [InlineData(1, 0, 0, Data, "0000000000010000-0000000000012fff")]
    public void AdjacentPagesAreOneLine(ulong cr0, ulong cr4, ulong efer, ulong start, string range)
    {
        Assert.Contains("no root", _vm.Dump(), StringComparison.Ordinal);
        Enter(cr0, cr4, efer);
        for (ulong page = 0; page < 3; page++)
        {
            Assert.Equal(FaultOutcome.Fixed, TestVm.Fault(_vcpu, start + (page * 4096)));
        }

        string text = _vm.Dump();
        Assert.Contains("gpa:0x0 to gpa:0x3ffff", text, StringComparison.Ordinal);
        Assert.Contains("vCPU 0: ", text, StringComparison.Ordinal);
        string[] lines = Mapped(text);
        Assert.Contains(lines, line => line.Contains($"{range} level 1: leaf ", StringComparison.Ordinal));
    }

    [Fact]
    public void ItEndsWhereItIsAskedTo()
    {
        Enter(Paging, 0x20, 0xD00);
        for (ulong page = 0; page < 9; page += 2)
        {
            Assert.Equal(FaultOutcome.Fixed, TestVm.Fault(_vcpu, 0x40_0000 + (page * 4096)));
        }

        Assert.Equal(2, Mapped(_vm.Dump(2)).Length);
        Assert.EndsWith("… more\n", _vm.Dump(2), StringComparison.Ordinal);
        Assert.Equal(5, Mapped(_vm.Dump()).Length);
        Assert.DoesNotContain("more", _vm.Dump(5), StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => _vm.Dump(-1));
    }

    // Every table of the guest's is its root again: four tables of ours, through which more ways lead than anyone can read.
    [Fact]
    public void TablesThatShareOthersDoNotMakeItEndless()
    {
        const ulong entries = 17;
        for (ulong i = 0; i < entries; i++)
        {
            Write(0x1000 + (i * 8), 0x1003);
        }

        Enter(Paging, 0x20, 0xD00, lay: false);
        for (ulong i = 0; i < entries; i++)
        {
            Assert.Equal(FaultOutcome.Fixed, TestVm.Fault(_vcpu, (i << 39) | (i << 30) | (i << 21) | (i << 12), AccessKind.Read));
        }

        Assert.Equal(4UL, _vm.GetStatistics().Tables);
        Assert.EndsWith("… more\n", _vm.Dump(int.MaxValue), StringComparison.Ordinal);
    }

    private static string[] Mapped(string text) => [.. text.Split('\n').Where(line => line.Contains(" level ", StringComparison.Ordinal))];

    // 0x40_0000 and on is mapped to Data and on: by a PML4 at 0x1000, or by four PDPTEs at 0x2000.
    private void Enter(ulong cr0, ulong cr4, ulong efer, bool lay = true)
    {
        if (lay)
        {
            Write(0x1000, 0x2003);
            Write(0x2000, efer != 0 ? 0x3003UL : 0x3001);
            Write(0x3010, 0x4003);
            for (ulong page = 0; page < 16; page++)
            {
                Write(0x4000 + (page * 8), (Data + (page * 4096)) | 3);
            }
        }

        ControlState state = new() { Cr0 = cr0, Cr3 = efer != 0 ? 0x1000UL : 0x2000, Cr4 = cr4, Efer = efer };
        Assert.Equal(ControlStateStatus.Legal, _vcpu.SetControlState(state));
    }

    private void Write(ulong gpa, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(_memory.Bytes[(int)gpa..], value);
}
