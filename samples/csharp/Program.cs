// A VMM in C#, as small as it can be: guest RAM, guest tables, translations, faults on our tables, dirty pages, the software TLB.
using System;
using System.Linq;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Vm;
using Mmu.Walk;

const ulong ramBytes = 16 << 20;
const ulong guestBase = 0x40_0000; // linear addresses 4 MiB to 6 MiB are mapped to physical addresses 1 MiB to 3 MiB

unsafe
{
    byte* ram = (byte*)NativeMemory.AlignedAlloc((nuint)ramBytes, 4096);
    new Span<byte>(ram, (int)ramBytes).Clear();

    using MmuVm vm = MmuVm.Create(new MmuVmOptions { TablePages = 1024 }, new Host());
    vm.AddSlot(new MemorySlot(new Gpa(0), ramBytes, (nuint)ram));
    using MmuVcpu vcpu = vm.CreateVcpu();

    // The guest's tables: four levels at 0x1000, pages of the kernel at guestBase.
    *(ulong*)(ram + 0x1000) = 0x2003;
    *(ulong*)(ram + 0x2000) = 0x3003;
    *(ulong*)(ram + 0x3010) = 0x4003;
    for (ulong i = 0; i < 512; i++)
    {
        *(ulong*)(ram + 0x4000 + (i * 8)) = (0x10_0000 + (i * 4096)) | 3;
    }

    Expect(vcpu.SetControlState(new ControlState { Cr0 = 0x8001_0001, Cr3 = 0x1000, Cr4 = 0x20, Efer = 0xD00 }) == ControlStateStatus.Legal);

    Expect(vcpu.Walker.Translate(new Gva(guestBase + 0x123), Access.SupervisorWrite, out WalkResult walk));
    Console.WriteLine($"kernel write: {walk}");
    Expect(!vcpu.Walker.Translate(new Gva(guestBase), Access.UserRead, out walk));
    Console.WriteLine($"user read: {walk}");
    Console.WriteLine(vcpu.Walker.Explain(new Gva(guestBase), Access.UserRead));

    // No processor walks our tables here: it raises the faults that one would raise.
    int faults = 0;
    for (ulong page = 0; page < 16; page++)
    {
        faults += Fault(vcpu, new Gva(guestBase + (page * 4096)));
    }

    Console.WriteLine($"16 pages written, {faults} faults, {vm.GetStatistics().Pages4K} pages mapped");

    // From here on the first write to each page faults, and is noted; what is harvested is noted anew.
    using (DirtyLogSession log = vm.StartDirtyLog(new Gpa(0)))
    {
        for (ulong page = 0; page < 16; page += 5)
        {
            _ = Fault(vcpu, new Gva(guestBase + (page * 4096)));
        }

        DirtyRange[] ranges = new DirtyRange[16];
        int count = log.Harvest(ranges);
        Console.WriteLine($"dirty pages: {string.Join(' ', ranges.AsSpan(0, count).ToArray().Select(range => range.Start.ToString()))}");
        Expect(count == 4 && ranges[3] == new DirtyRange(new Gpa(0x10_F000), 4096));
        Expect(log.Harvest(ranges) == 0);
    }

    SoftTlb tlb = vcpu.SoftTlb;
    Expect(vcpu.BeginRun(out _) == RootStatus.Loaded);
    int misses = 0;
    for (ulong i = 0; i < 100_000; i++)
    {
        Gva address = new(guestBase + (i % 64 * 4096) + 8);
        if (!tlb.TryGet(address, Access.SupervisorWrite, out nuint host))
        {
            misses++;
            Expect(tlb.Resolve(address, Access.SupervisorWrite, out walk) == SoftTlbOutcome.Memory);
            host = walk.HostAddress;
        }

        ++*(byte*)host;
    }

    vcpu.EndRun();
    Console.WriteLine($"software TLB: 100000 writes, {misses} misses");
    Expect(vm.Audit() is null);
    Console.WriteLine("ok");
}

// A write that a processor found no right for in our tables. Returns how many faults it took.
static int Fault(MmuVcpu vcpu, Gva address)
{
    FaultRequest request = new(address, Access.SupervisorWrite, PageFaultCode.Write);
    for (int faults = 1; ; faults++)
    {
        Expect(vcpu.BeginRun(out _) == RootStatus.Loaded);
        vcpu.EndRun();
        FaultOutcome outcome = vcpu.HandleFault(request, out _);
        if (outcome != FaultOutcome.Retry)
        {
            Expect(outcome == FaultOutcome.Fixed);
            return faults;
        }
    }
}

static void Expect(bool condition)
{
    if (!condition)
    {
        throw new InvalidOperationException("The sample did not get what it expects.");
    }
}

internal sealed class Host : IMmuHost
{
    public bool Flush(ReadOnlySpan<int> vcpus, FlushRange range) => true;

    public void Kick(ReadOnlySpan<int> vcpus)
    {
    }
}
