// The guest that KVM ran in the snapshot kvm-npt-l, on shadow tables of the nested tables that KVM built for it.
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Common;
using Mmu.Tests.Oracle;
using Mmu.Tests.Snapshots;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Nested;

public sealed class KvmSnapshotTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void EveryAddressOfTheRunningGuestLeadsToTheFrameThatTheMachineGaveIt(int hostLevels)
    {
        using NptSnapshot snapshot = new();
        TdpOptions options = new() { Format = TdpFormat.Npt, Levels = hostLevels };
        using MmuVm vm = MmuVm.Create(
            new MmuVmOptions { Features = new CpuFeatures { Vendor = CpuVendor.Amd }, TablePages = 4096, MaxVcpus = 1, Tdp = options }, new TestHost { Logs = false });
        ProcessMemory memory = new();
        memory.Allow(vm.TableMemory.HostAddress, vm.TableMemory.Bytes);
        foreach (MemorySlot slot in snapshot.Slots)
        {
            vm.AddSlot(slot);
            memory.Allow(slot.HostAddress, slot.Size);
        }

        using MmuVcpu vcpu = vm.CreateVcpu();
        ControlState state = snapshot.RunningState;
        Assert.Equal(ControlStateStatus.Legal, vcpu.EnterNested(state, snapshot.Nested, new NestedTag(snapshot.Asid)));
        NestedProcessor processor = new(vcpu, memory);
        processor.Configure(
            new OracleCpu { Vendor = OracleVendor.Amd, Cr0 = state.Cr0, Cr3 = state.Cr3, Cr4 = state.Cr4, Efer = state.Efer }, new OracleNested());
        (int reached, int devices, int refused) = (0, 0, 0);
        foreach ((ulong gva, ulong gpa, ulong size) in snapshot.GuestLeaves())
        {
            for (ulong offset = 0x123; offset < size; offset += 0x1000)
            {
                NestedOutcome outcome = processor.Access(gva + offset, new OracleAccess(OracleKind.Read));
                ulong? expected = snapshot.HostOf(gpa + offset);
                switch (outcome.Answer)
                {
                    case FaultOutcome.None:
                        Assert.True(outcome.IsMade && expected is not null, $"{gva + offset:x}: {outcome.Seen}");
                        Assert.Equal(HostOf(snapshot, expected!.Value), outcome.Seen.Hpa);
                        reached++;
                        break;

                    case FaultOutcome.Mmio:
                        // Memory of the machine that the snapshot has not kept.
                        Assert.Equal(expected, outcome.Result.Gpa.Value);
                        devices++;
                        break;

                    default:
                        Assert.Equal(FaultOutcome.Inject, outcome.Answer);
                        Assert.Null(expected);
                        Assert.Equal((1UL << 32) | 4, outcome.Result.Walk.ExitInfo1);
                        Assert.Equal(gpa + offset, outcome.Result.Walk.NestedGpa.Value);
                        refused++;
                        break;
                }
            }
        }

        Assert.Null(vm.Audit());
        TestContext.Current.TestOutputHelper?.WriteLine($"{reached} pages reached, {devices} outside the snapshot, {refused} nested page faults; {processor.Violations} faults on our tables");
        Assert.True(reached > 50 && reached + devices > 2000 && refused > 2000, $"{reached} reached, {devices} outside, {refused} refused");
    }

    private static ulong HostOf(NptSnapshot snapshot, ulong address)
    {
        foreach (MemorySlot slot in snapshot.Slots)
        {
            if (address - slot.Base.Value < slot.Size)
            {
                return slot.HostAddress + (address - slot.Base.Value);
            }
        }

        return 0;
    }
}
