// Bug 9: with PML pages were left writable whose processor does not log them. The rule: how a page is logged is decided by its role, not by the VM.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Common;
using Mmu.Tests.DirtyLog;
using Mmu.Tests.Guest;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug09Tests
{
    private const ulong Data = 0x10_0000;

    [Fact]
    public void Bug09ShadowTablesAreWriteProtectedThoughTheProcessorLogs()
    {
        using GuardedPages memory = new(64);
        using MmuVm vm = MmuVm.Create(new MmuVmOptions { TablePages = 64, MaxVcpus = 1, PageModificationLog = true }, new TestHost());
        vm.AddSlot(new MemorySlot(new Gpa(Data), 64 << 12, memory.Address));
        MmuVcpu vcpu = vm.CreateVcpu();
        Write(vcpu);
        using DirtyLogSession log = vm.StartDirtyLog(new Gpa(Data));
        for (int i = 0; i < 3; i++)
        {
            Assert.False(Allows(vcpu), "No processor logs what it writes through these tables.");
            Write(vcpu);
            Assert.Equal([Data], LogScene.Harvest(log));
        }

        vm.MarkDirty(new Gpa(Data), 64 << 12);
        Write(vcpu);
        Assert.Equal(64, LogScene.Harvest(log).Count);
        Assert.False(Allows(vcpu));
    }

    private static void Write(MmuVcpu vcpu)
    {
        Assert.Equal(RootStatus.Loaded, vcpu.BeginRun(out _));
        vcpu.EndRun();
        FaultRequest fault = new(new Gva(Data), Access.SupervisorWrite, PageFaultCode.None);
        Assert.Equal(FaultOutcome.Fixed, vcpu.HandleFault(fault, out _));
        Assert.True(Allows(vcpu));
    }

    private static bool Allows(MmuVcpu vcpu)
    {
        ulong[] walk = new ulong[5];
        return vcpu.GetWalk(new Gva(Data), walk) == 3 && (walk[2] & 3) == 3;
    }
}
