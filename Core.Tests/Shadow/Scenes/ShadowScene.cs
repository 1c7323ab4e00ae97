// Shadow scenes: a VM whose guest's tables a test writes, and whose tables the test reads as a processor would.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Shadow;
using Mmu.Tests.Guest;
using Mmu.Tests.Walk;
using Mmu.Vm;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Scenes;

/// <summary>16 MiB of guest memory from address 0; tables from <see cref="Machine.GuestTables"/> on, in the mode that is asked for.</summary>
internal sealed class ShadowScene : IDisposable
{
    /// <summary>Host frame of guest frame 0.</summary>
    internal const ulong FrameBase = 0x10_0000;

    internal const int RamPages = 4096;
    internal const ulong Data = 0x40_0000;
    private const ulong ArenaFrame = 0x4_0000;

    internal ShadowScene(GuestMode mode, uint? quota = null, int vcpus = 1, CpuFeatures? features = null, uint tablePages = 512)
    {
        Mode = mode;
        Vm = MmuVm.Create(
            new MmuVmOptions
            {
                TablePages = tablePages,
                TableQuota = quota,
                HostPhysicalAddressBits = 46,
                FirstTableFrame = new Pfn(ArenaFrame),
                MaxVcpus = 4,
                Features = features ?? new CpuFeatures(),
            },
            Host);
        AddSlot(0, RamPages);
        Tables = NewTables(Machine.GuestTables);
        for (int i = 0; i < vcpus; i++)
        {
            Cpus.Add(new SceneCpu(this, Vm.CreateVcpu()));
        }
    }

    internal GuestMode Mode { get; }

    internal MmuVm Vm { get; }

    internal SceneHost Host { get; } = new();

    internal TestGuest Guest { get; } = new();

    internal List<SceneCpu> Cpus { get; } = [];

    internal SceneCpu Cpu => Cpus[0];

    /// <summary>The guest's tables; with paging off nobody reads them.</summary>
    internal PageTables Tables { get; }

    internal ControlState State => Machine.StateOf(Mode);

    internal MmuStatistics Statistics => Vm.GetStatistics();

    /// <summary>The engine's own data of the first vCPU's VM, for what the façade does not tell.</summary>
    internal ShadowMmu Engine => Vm.EngineSet.Shadow.Mmu;

    /// <summary>Other tables of the guest's mode at an address.</summary>
    internal PageTables NewTables(ulong root) => new(Guest, Machine.ShapeOf(Mode) ?? TableShape.Long4, root);

    internal void AddSlot(ulong gpa, int pages, SlotFlags flags = SlotFlags.None, int addressSpace = 0) =>
        Vm.AddSlot(Guest.AddSlot(gpa, pages, flags) with { HostFrame = new Pfn(FrameBase + (gpa >> 12)) }, addressSpace);

    internal void Load() => Cpu.Load(State);

    /// <summary>A word of the arena by the address at which a processor finds it.</summary>
    internal unsafe ulong ArenaWord(ulong physical)
    {
        TableMemory arena = Vm.TableMemory;
        ulong at = physical - (arena.FirstFrame.Value << 12);
        Assert.True(at < arena.Bytes, $"A processor would read tables at 0x{physical:x}, outside the arena.");
        return *(ulong*)(arena.HostAddress + (nuint)at);
    }

    internal uint ArenaPage(ulong physical) => (uint)((physical >> 12) - Vm.TableMemory.FirstFrame.Value);

    /// <summary>Role of one of our tables.</summary>
    internal PageRole RoleOf(uint table) => Engine.State.Pages[new PageHandle(table)].Role;

    /// <summary>Fails if an invariant of our tables is broken.</summary>
    internal void Audit()
    {
        string? broken = Vm.Audit();
        Assert.True(broken is null, broken);
    }

    /// <summary>True if a vCPU has been asked to flush since it last entered.</summary>
    internal bool OwesFlush(SceneCpu cpu) => (Vm.Core.Gate.Peek(cpu.Vcpu.Id) & VcpuRequests.Flush) != 0;

    public void Dispose()
    {
        if (!Vm.IsDead)
        {
            Audit();
        }

        Vm.Dispose();
        Guest.Dispose();
    }
}
