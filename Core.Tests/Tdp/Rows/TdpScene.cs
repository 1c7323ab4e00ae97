// A VM on nested paging for tests that do one thing at a time. No processor runs; faults are handed in.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Common;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Tdp.Rows;

internal sealed class TdpScene : IDisposable
{
    internal const ulong Page = 4096;
    internal const ulong MiB2 = 2UL << 20;
    internal const ulong GiB = 1UL << 30;

    /// <summary>The host frame of gpa 0: aligned alike for every size of page. Nobody touches that memory.</summary>
    internal const ulong FirstFrame = 1UL << 24;

    // Slots are memory of this process that nobody has: walks of the guest's own tables are not played here.
    private static readonly nuint s_nowhere = unchecked((nuint)0x10_0000_0000UL);

    internal TdpScene(TdpOptions options, int vcpus = 1, uint tablePages = 4096, bool nxHugePages = false, ulong? privateBytes = null, bool pageModificationLog = false)
    {
        Vm = MmuVm.Create(
            new MmuVmOptions
            {
                Features = new CpuFeatures { PhysicalAddressBits = 46 },
                TablePages = tablePages,
                PrivateBytes = privateBytes,
                MaxVcpus = 4,
                Tdp = options,
                NxHugePages = nxHugePages,
                PageModificationLog = pageModificationLog,
            },
            Host);
        Host.Logs = false;
        Vcpus = new MmuVcpu[vcpus];
        for (int i = 0; i < vcpus; i++)
        {
            Vcpus[i] = Vm.CreateVcpu();
        }
    }

    internal TestHost Host { get; } = new();

    internal MmuVm Vm { get; }

    internal MmuVcpu[] Vcpus { get; }

    internal Mmu.Tdp.TdpMmu Engine => Vm.EngineSet.Tdp.Mmu;

    internal static TdpScene Of(TdpFormat format, int levels = 4, int highest = 3, int vcpus = 1) =>
        new(new TdpOptions { Format = format, Levels = levels, HighestPageLevel = highest }, vcpus);

    internal void AddSlot(ulong gpa, ulong bytes, SlotFlags flags = SlotFlags.None, ulong? frame = null, int addressSpace = 0) => Vm.AddSlot(
        new MemorySlot(new Gpa(gpa), bytes, s_nowhere + (nuint)gpa, flags) { HostFrame = new Pfn(frame ?? (FirstFrame + (gpa >> 12))) }, addressSpace);

    internal void Load()
    {
        foreach (MmuVcpu vcpu in Vcpus)
        {
            Assert.Equal(RootStatus.Loaded, vcpu.BeginRun(out _));
            vcpu.EndRun();
        }
    }

    internal FaultOutcome Fault(ulong gpa, AccessKind kind = AccessKind.Write, ViolationFlags flags = ViolationFlags.None, int vcpu = 0)
    {
        if (Vcpus[vcpu].BeginRun(out _) == RootStatus.Loaded)
        {
            Vcpus[vcpu].EndRun();
        }

        FaultOutcome outcome = Vcpus[vcpu].HandleViolation(new ViolationRequest(new Gpa(gpa), new Access(kind), flags), out FaultResult result);
        Assert.Equal(gpa, result.Gpa.Value);
        return outcome;
    }

    /// <summary>The last entry on the way to an address, and its level.</summary>
    internal (ulong Spte, int Level) Leaf(ulong gpa, int vcpu = 0)
    {
        Span<ulong> entries = stackalloc ulong[5];
        int count = Vcpus[vcpu].GetNestedWalk(new Gpa(gpa), entries);
        return count == 0 ? (0, 0) : (entries[count - 1], Vm.TdpOptions!.Levels - count + 1);
    }

    /// <summary>The entries on the way to an address, root first.</summary>
    internal ulong[] Entries(ulong gpa, int vcpu = 0)
    {
        ulong[] entries = new ulong[5];
        return entries[..Vcpus[vcpu].GetNestedWalk(new Gpa(gpa), entries)];
    }

    /// <summary>The last entry on the way to an address from the root in force, whatever vCPUs do.</summary>
    internal ulong Word(ulong gpa) => Mmu.Tdp.TdpWalk.FindLast(Engine.State.Pages, Engine.State.Roots.Of(0), gpa, out _, out _);

    internal MmuStatistics Statistics => Vm.GetStatistics();

    /// <summary>Maps frames [first, end) in order, with small pages if the options say so.</summary>
    internal void TouchAll(ulong first, ulong end, AccessKind kind = AccessKind.Write)
    {
        Load();
        for (ulong gfn = first; gfn < end; gfn++)
        {
            FaultOutcome outcome = Vcpus[0].HandleViolation(new ViolationRequest(new Gpa(gfn << 12), new Access(kind), ViolationFlags.None), out _);
            Assert.True(outcome is FaultOutcome.Fixed or FaultOutcome.Spurious, outcome.ToString());
        }
    }

    /// <summary>Calls an engine's pass over a slot as <see cref="MmuVm"/> does; what it answers.</summary>
    internal bool Pass(Func<SlotRecord, bool> pass, ulong gpa = 0)
    {
        using MmuReadGuard held = Vm.Core.Lock.EnterSharedAsHost();
        return pass(Vm.Core.Slots[0].Find(gpa >> 12)!);
    }

    internal void Audit() => Assert.Null(Vm.Audit());

    public void Dispose()
    {
        Audit();
        Vm.Dispose();
        Assert.Equal(0U, Vm.Core.Tables.OutstandingPages);
    }
}
