// Shadow judge: one guest, several vCPUs on threads, and a host that changes everything under them.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Tests.Guest;
using Mmu.Tests.Judge;
using Mmu.Vm;

namespace Mmu.Tests.Shadow;

/// <summary>
/// Frame 1 is the root; below it one table of level 3, one of level 2, and tables of level 1: one of plain pages, one of the slot that comes and
/// goes, one of the slot whose frames change, one that shows the vCPUs' own tables, and one for each vCPU that it alone changes.
/// </summary>
internal sealed class ThreadedVm : IDisposable
{
    internal const ulong Root = 1;
    internal const ulong FirstOwnTable = 16;
    internal const int RamPages = 128;
    internal const ulong HotFrame = 0x400;
    internal const int HotPages = 16;
    internal const ulong DemandFrame = 0x800;
    internal const int DemandPages = 16;
    internal const ulong PlainFrame = 64;
    internal const int PlainPages = 32;
    private const ulong RamHostFrame = 0x100_0000;
    private const ulong HotHostFrame = 0x200_0000;
    private const ulong DemandHostFrame = 0x300_0000;
    private const ulong TableFrame = 0x8_0000;
    private const ulong Usual = 0x67;
    private const ulong PlainTable = 8;
    private const ulong HotTable = 9;
    private const ulong DemandTable = 10;
    private const ulong AliasTable = 11;

    private readonly GuardedPages _ram = new(RamPages);
    private readonly GuardedPages _hot = new(HotPages);
    private readonly GuardedPages _demand = new(DemandPages);
    private readonly HostFrames _host = new();

    internal ThreadedVm(int vcpus, uint tablePages)
    {
        HotRange = new HostRange(HotHostFrame, HotPages, _hot.Address, HostUse.Ram);
        DemandRange = new HostRange(DemandHostFrame, DemandPages, _demand.Address, HostUse.Ram, generations: 1 << 18);
        _host.Add(new HostRange(RamHostFrame, RamPages, _ram.Address, HostUse.Ram));
        _host.Add(HotRange);
        _host.Add(DemandRange);
        Vcpus = new ThreadedVcpu[vcpus];
        for (int i = 0; i < vcpus; i++)
        {
            Vcpus[i] = new ThreadedVcpu(i, _host);
        }

        BuildTables(vcpus);
        Vm = MmuVm.Create(
            new MmuVmOptions { FirstTableFrame = new Pfn(TableFrame), HostPhysicalAddressBits = 46, TablePages = tablePages, MaxVcpus = vcpus },
            new ThreadedHost(Vcpus, DemandFrame, DemandRange));
        _host.Add(new HostRange(TableFrame, (int)(Vm.TableMemory.Bytes >> 12), Vm.TableMemory.HostAddress, HostUse.Tables));
        Vm.AddSlot(new MemorySlot(default, RamPages << 12, _ram.Address, new Pfn(RamHostFrame), SlotFlags.None));
        Vm.AddSlot(HotSlot);
        Vm.AddSlot(new MemorySlot(new Gpa(DemandFrame << 12), DemandPages << 12, _demand.Address, new Pfn(DemandHostFrame), SlotFlags.Resolved));
        foreach (ThreadedVcpu vcpu in Vcpus)
        {
            vcpu.Vm = Vm;
            vcpu.Vcpu = Vm.CreateVcpu();
            _ = vcpu.Vcpu.SetControlState(new ControlState { Cr0 = 0x8001_0001, Cr3 = Root << 12, Cr4 = 0x20, Efer = 0xD00 });
        }
    }

    internal MmuVm Vm { get; }

    internal ThreadedVcpu[] Vcpus { get; }

    internal HostRange HotRange { get; }

    internal HostRange DemandRange { get; }

    internal MemorySlot HotSlot => new(new Gpa(HotFrame << 12), HotPages << 12, _hot.Address, new Pfn(HotHostFrame), SlotFlags.None);

    internal Span<byte> HotBytes => _hot.Bytes;

    internal static ulong Plain(int page) => (PlainTable << 21) | ((ulong)page << 12);

    internal static ulong Hot(int page) => (HotTable << 21) | ((ulong)page << 12);

    internal static ulong Demand(int page) => (DemandTable << 21) | ((ulong)page << 12);

    /// <summary>An address that only one vCPU's own table translates.</summary>
    internal static ulong Own(int vcpu, int page) => ((FirstOwnTable + (ulong)vcpu) << 21) | ((ulong)page << 12);

    /// <summary>Where the guest sees the entry of <see cref="Own"/>.</summary>
    internal static ulong OwnEntry(int vcpu, int page) => (AliasTable << 21) | ((ulong)vcpu << 12) | ((ulong)page << 3);

    /// <summary>An entry that names a plain page.</summary>
    internal static ulong PlainEntry(int page) => ((PlainFrame + (ulong)page) << 12) | Usual;

    /// <summary>The host physical address of a plain page.</summary>
    internal static ulong PlainPhysical(int page) => (RamHostFrame + PlainFrame + (ulong)page) << 12;

    public void Dispose()
    {
        try
        {
            Teardown.Check(Vm);
        }
        finally
        {
            _ram.Dispose();
            _hot.Dispose();
            _demand.Dispose();
        }
    }

    private void BuildTables(int vcpus)
    {
        Words(Root)[0] = (2UL << 12) | Usual;
        Words(2)[0] = (3UL << 12) | Usual;
        foreach (ulong table in new[] { PlainTable, HotTable, DemandTable, AliasTable })
        {
            Words(3)[(int)table] = (table << 12) | Usual;
        }

        for (int i = 0; i < PlainPages; i++)
        {
            Words(PlainTable)[i] = PlainEntry(i);
        }

        for (int i = 0; i < HotPages; i++)
        {
            Words(HotTable)[i] = ((HotFrame + (ulong)i) << 12) | Usual;
            Words(DemandTable)[i] = ((DemandFrame + (ulong)i) << 12) | Usual;
        }

        for (int i = 0; i < vcpus; i++)
        {
            ulong own = FirstOwnTable + (ulong)i;
            Words(3)[(int)own] = (own << 12) | Usual;
            Words(AliasTable)[i] = (own << 12) | Usual;
            for (int page = 0; page < PlainPages; page++)
            {
                Words(own)[page] = PlainEntry(page);
            }
        }
    }

    private Span<ulong> Words(ulong frame) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(_ram.Bytes.Slice((int)frame << 12, 4096));
}
