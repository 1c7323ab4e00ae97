// Shadow scenes: one vCPU and the processor that runs it on our tables.
using System;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Shadow.Scenes;

internal sealed class SceneCpu(ShadowScene scene, MmuVcpu vcpu)
{
    internal const ulong Smep = 1UL << 20;
    internal const ulong Smap = 1UL << 21;
    private const ulong AddressMask = 0x000F_FFFF_FFFF_F000;
    private const ulong ReservedAddressBits = 0x000F_C000_0000_0000;
    private const int MostFaults = 12;

    private RunState _run;
    private FaultResult _result;

    internal MmuVcpu Vcpu => vcpu;

    /// <summary>The control state in force.</summary>
    internal ControlState State { get; private set; } = new();

    /// <summary>What the last fault found.</summary>
    internal ref FaultResult Result => ref _result;

    /// <summary>Physical address of the root that the processor was loaded with.</summary>
    internal ulong Root => _run.RootAddress;

    internal int Levels => _run.Levels;

    /// <summary>Puts control state in force, enters the guest and leaves it again.</summary>
    internal void Load(ControlState state)
    {
        State = state;
        Assert.Equal(ControlStateStatus.Legal, vcpu.SetControlState(state));
        Enter();
    }

    internal void LoadCr3(ulong value)
    {
        State = State with { Cr3 = value & ~(1UL << 63) };
        Assert.Equal(ControlStateStatus.Legal, vcpu.LoadCr3(value));
        Enter();
    }

    internal void Invalidate(ulong gva)
    {
        vcpu.InvalidatePage(new Gva(gva));
        Enter();
    }

    /// <summary>Enters the guest, which does all that is pending, and leaves it again.</summary>
    internal void Enter()
    {
        Assert.Equal(RootStatus.Loaded, vcpu.BeginRun(out _run));
        vcpu.EndRun();
    }

    /// <summary>One fault.</summary>
    internal FaultOutcome Fault(ulong gva, Access access, PageFaultCode code = PageFaultCode.None) =>
        vcpu.HandleFault(new FaultRequest(new Gva(gva), access, code), out _result);

    /// <summary>An access: faults until the tables allow it or something else is to be done.</summary>
    internal FaultOutcome Touch(ulong gva, Access access)
    {
        for (int i = 0; i < MostFaults; i++)
        {
            Enter();
            SceneLeaf leaf = Look(gva);
            if (Allows(leaf, access))
            {
                return FaultOutcome.Fixed;
            }

            FaultOutcome outcome = Fault(gva, access, leaf.IsReserved ? PageFaultCode.Reserved : PageFaultCode.None);
            if (outcome is not (FaultOutcome.Fixed or FaultOutcome.Spurious or FaultOutcome.Retry))
            {
                return outcome;
            }
        }

        return FaultOutcome.Retry;
    }

    /// <summary>An access that ends with a mapping; returns it.</summary>
    internal SceneLeaf Map(ulong gva, Access access)
    {
        Assert.Equal(FaultOutcome.Fixed, Touch(gva, access));
        return Look(gva);
    }

    /// <summary>A store as the guest makes it: through our tables if they allow it, else emulated and announced.</summary>
    internal FaultOutcome Store(ulong gva, int bytes, ulong value)
    {
        FaultOutcome outcome = Touch(gva, Access.SupervisorWrite);
        Assert.True(outcome is FaultOutcome.Fixed or FaultOutcome.WriteProtected or FaultOutcome.Emulate, outcome.ToString());
        if (outcome == FaultOutcome.Fixed)
        {
            scene.Guest.Write(Look(gva).Gpa + (gva & 0xFFF), bytes, value);
        }
        else
        {
            Span<byte> raw = stackalloc byte[8];
            MemoryMarshal.Write(raw, value);
            Assert.True(scene.Vm.TryWrite(_result.Gpa, raw[..bytes], vcpu.InSystemManagement ? 1 : 0));
        }

        return outcome;
    }

    /// <summary>What the processor finds in the tables of the root it was loaded with; reads nothing but the arena.</summary>
    internal SceneLeaf Look(ulong gva)
    {
        ulong table = Root;
        int level = Levels;
        bool w = true;
        bool u = true;
        bool x = true;
        while (true)
        {
            ulong entry = level == 3 && Levels == 3
                ? scene.ArenaWord(table + (8 * ((gva >> 30) & 3)))
                : scene.ArenaWord((table & AddressMask) + (8 * ((gva >> (3 + (9 * level))) & 511)));
            uint page = scene.ArenaPage(table);
            bool reserved = (entry & 1) != 0 && (entry & ReservedAddressBits) != 0;
            if ((entry & 1) == 0 || reserved)
            {
                return new SceneLeaf(false, reserved, 0, false, false, false, level, entry, page);
            }

            if (level < 3 || Levels > 3)
            {
                w &= (entry & 2) != 0;
                u &= (entry & 4) != 0;
                x &= (entry & (1UL << 63)) == 0;
                if (level == 1 || (level <= 3 && (entry & 0x80) != 0))
                {
                    ulong inside = (1UL << (3 + (9 * level))) - 1;
                    ulong physical = (entry & AddressMask & ~inside) | (gva & inside & ~0xFFFUL);
                    return new SceneLeaf(true, false, physical - (ShadowScene.FrameBase << 12), w, u, x, level, entry, page);
                }
            }

            table = entry & AddressMask;
            level--;
        }
    }

    /// <summary>True if a processor with CR0.WP=1 and the guest's SMEP and SMAP lets the access pass.</summary>
    internal bool Allows(in SceneLeaf leaf, Access access)
    {
        bool user = (access.Flags & AccessFlags.User) != 0;
        bool fetch = access.Kind == AccessKind.Fetch;
        if (!leaf.IsPresent || (fetch && !leaf.X) || (access.Kind == AccessKind.Write && !leaf.W) || (user && !leaf.U))
        {
            return false;
        }

        bool paging = (State.Cr0 & (1UL << 31)) != 0;
        ulong refused = fetch ? Smep : (access.Flags & AccessFlags.AlignmentCheck) == 0 ? Smap : 0;
        return user || !leaf.U || !paging || (State.Cr4 & refused) == 0;
    }
}
