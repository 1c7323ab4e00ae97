// A VM with a guest in 4-level paging whose vCPU runs on its software TLB.
using System;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Guest;
using Mmu.Vm;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Vm;

/// <summary>Guest memory: tables from 0x1000 on, data from 2 MiB on. The PML4 of address space n lies at 0x1000 + n × 0x4000.</summary>
internal sealed class SoftTlbScene : IDisposable
{
    internal const ulong Data = 0x20_0000;
    internal const ulong Page = 0x40_0000;
    internal const ulong LargePage = 0x60_0000;
    internal const ulong User = 0x67;
    internal const ulong ReadOnly = 0x65;
    internal const ulong Supervisor = 0x63;
    internal const ulong Large = 0xE7;
    internal const ulong NoExecute = 1UL << 63;
    internal const ulong Keep = 1UL << 63;
    internal const ulong Root = 0x1000;
    internal const ulong OtherRoot = 0x5000;
    internal const ulong Pae = 1 << 5;
    internal const ulong Pge = 1 << 7;
    internal const ulong Pcide = 1 << 17;
    internal const ulong Smep = 1 << 20;
    internal const ulong Smap = 1 << 21;
    internal const ulong Pke = 1 << 22;

    internal SoftTlbScene(ulong cr4 = 0)
    {
        Memory = Test.AddSlot(0, 2048);
        foreach (ulong root in (ulong[])[Root, OtherRoot])
        {
            Write(root, (root + 0x1000) | User);
            Write(root + 0x1000, (root + 0x2000) | User);
            Write(root + 0x2000 + (Page >> 21 << 3), (root + 0x3000) | User);
            Write(root + 0x2000 + (LargePage >> 21 << 3), Data | Large);
            Map(Page, Data, root: root);
        }

        State = new ControlState { Cr0 = 0x8001_0001, Cr3 = Root, Cr4 = Pae | cr4, Efer = 0xD00 };
        Vcpu = Test.Vm.CreateVcpu();
        Assert.Equal(ControlStateStatus.Legal, Vcpu.SetControlState(State));
        Tlb = Vcpu.SoftTlb;
    }

    internal TestVm Test { get; } = new();

    internal GuardedPages Memory { get; }

    internal MmuVm Vm => Test.Vm;

    internal MmuVcpu Vcpu { get; }

    internal SoftTlb Tlb { get; }

    internal ControlState State { get; }

    /// <summary>Stores an entry of a table, as another CPU of the guest would.</summary>
    internal void Write(ulong gpa, ulong value) => MemoryMarshal.Write(Memory.Bytes[(int)gpa..], value);

    /// <summary>Maps one of the 512 pages from <see cref="Page"/> on.</summary>
    internal void Map(ulong gva, ulong gpa, ulong bits = User, ulong root = Root) =>
        Write(root + 0x3000 + ((gva >> 12 & 511) << 3), bits == 0 ? 0 : gpa | bits);

    internal void Enter() => Assert.Equal(RootStatus.Loaded, Vcpu.BeginRun(out _));

    /// <summary>The host address of a guest physical one.</summary>
    internal nuint HostOf(ulong gpa) => Memory.Address + (nuint)gpa;

    internal bool Hits(ulong gva, Access access) => Tlb.TryGet(new Gva(gva), access, out _);

    internal SoftTlbOutcome Resolve(ulong gva, Access access) => Tlb.Resolve(new Gva(gva), access, out _);

    /// <summary>Brings a translation into the TLB, in guest.</summary>
    internal void Fill(ulong gva, Access access)
    {
        Assert.Equal(SoftTlbOutcome.Memory, Resolve(gva, access));
        Assert.True(Hits(gva, access));
    }

    /// <summary>Leaves the guest for an event, and enters it again.</summary>
    internal void Outside(Action action)
    {
        Vcpu.EndRun();
        action();
        Enter();
    }

    public void Dispose()
    {
        // A test that failed in guest tells why it failed.
        if (Vm.Core.Gate.IsInside(Vcpu.Id))
        {
            Vcpu.EndRun();
        }

        Test.Dispose();
    }
}
