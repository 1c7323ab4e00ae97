// Which control states are legal, and that a refused one changes nothing. Facts of kvm-unit-tests are cited by their ids.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Walk;

public sealed class ControlStateTests
{
    private const ulong Address = 0x40_3000;
    private const ulong Pcide = 1UL << 17;
    private const ulong Cet = 1UL << 23;
    private const ulong LamSup = 1UL << 28;

    // A28, M1, I1: a bit of CR4 or EFER can be set if the CPU has its feature, and only then.
    public static IEnumerable<TheoryDataRow<string, ulong, ulong, Func<CpuFeatures, CpuFeatures>>> FeatureBits =>
    [
        new("PSE", 1UL << 4, 0, f => f with { Pse = false }),
        new("PGE", 1UL << 7, 0, f => f with { GlobalPages = false }),
        new("LA57", 1UL << 12, 0, f => f with { La57 = false }),
        new("PCIDE", Pcide, 0, f => f with { Pcid = false }),
        new("SMEP", 1UL << 20, 0, f => f with { Smep = false }),
        new("SMAP", 1UL << 21, 0, f => f with { Smap = false }),
        new("PKE", 1UL << 22, 0, f => f with { Pku = false }),
        new("CET", Cet, 0, f => f with { ShadowStacks = false }),
        new("PKS", 1UL << 24, 0, f => f with { Pks = false }),
        new("LAM_SUP", LamSup, 0, f => f with { Lam = false }),
        new("NXE", 0, 1UL << 11, f => f with { NoExecute = false }),
    ];

    [Theory]
    [MemberData(nameof(FeatureBits), DisableDiscoveryEnumeration = true)]
    public void ABitNeedsItsFeature(string name, ulong cr4, ulong efer, Func<CpuFeatures, CpuFeatures> without)
    {
        ControlState plain = Machine.StateOf(GuestMode.Long4) with { Efer = Machine.LongModeActive };
        ControlState state = plain with { Cr4 = plain.Cr4 | cr4, Efer = plain.Efer | efer };
        using Machine with = new(GuestMode.Long4);
        Assert.True(with.TryEnter(state) == ControlStateStatus.Legal, name);
        using Machine lacking = new(GuestMode.Long4, features: without(new CpuFeatures()));
        Assert.True(lacking.TryEnter(state) == ControlStateStatus.UnsupportedFeature, name);
        Assert.Equal(ControlStateStatus.Legal, lacking.TryEnter(plain));
    }

    [Theory]
    [InlineData(0x8000_0001, 0, Machine.LongModeActive, ControlStateStatus.IllegalCombination)] // long mode without PAE
    [InlineData(0x8000_0001, Machine.Pae | Cet, Machine.LongModeActive, ControlStateStatus.IllegalCombination)] // C4: CET without WP
    [InlineData(0x8001_0001, Machine.Pae | Cet, Machine.LongModeActive, ControlStateStatus.Legal)]
    [InlineData(0x8000_0001, Machine.Pae | Pcide, 0, ControlStateStatus.IllegalCombination)] // I1: PCIDE outside long mode
    [InlineData(0x0000_0001, Machine.Pae | Pcide, Machine.LongModeActive, ControlStateStatus.IllegalCombination)] // I1: PG cleared with PCIDE
    [InlineData(0x8000_0001, Machine.Pae | Pcide, Machine.LongModeActive, ControlStateStatus.Legal)]
    [InlineData(0x8000_0001, Machine.Pae | Machine.La57, Machine.LongModeActive, ControlStateStatus.Legal)]
    [InlineData(0x0000_0001, Machine.La57, 0, ControlStateStatus.Legal)] // L1: LA57 may be set outside long mode
    public void ACombinationIsLegalOrNot(ulong cr0, ulong cr4, ulong efer, ControlStateStatus expected)
    {
        using Machine machine = new(GuestMode.Long4);
        ControlState state = new() { Cr0 = cr0, Cr3 = Machine.GuestTables, Cr4 = cr4, Efer = efer };
        Assert.Equal(expected, machine.TryEnter(state));
    }

    // A27 is about the way from one state to the next, which the VMM judges: as a state of its own each is legal.
    [Fact]
    public void La57CanBeInForceOrNotInLongModeAndDecidesTheWidthAtOnce()
    {
        using Machine machine = new(GuestMode.Long4);
        machine.Enter();
        Gva wide = new(1UL << 50);
        Assert.False(machine.Walker.Translate(wide, Access.SupervisorRead, out WalkResult result));
        Assert.Equal(WalkOutcome.NonCanonical, result.Outcome);
        machine.State = Machine.StateOf(GuestMode.Long5);
        machine.Enter();
        Assert.False(machine.Walker.Translate(wide, Access.SupervisorRead, out result));
        Assert.Equal(FaultCause.NotPresent, result.Cause);
        Assert.Equal("Long5", machine.Walker.Mode);
    }

    [Theory]
    [InlineData(36, 36, ControlStateStatus.Cr3Reserved)]
    [InlineData(36, 35, ControlStateStatus.Legal)]
    [InlineData(36, 51, ControlStateStatus.Cr3Reserved)]
    [InlineData(52, 51, ControlStateStatus.Legal)]
    [InlineData(52, 52, ControlStateStatus.Cr3Reserved)]
    [InlineData(52, 60, ControlStateStatus.Cr3Reserved)]
    [InlineData(52, 61, ControlStateStatus.Legal)]
    [InlineData(52, 62, ControlStateStatus.Legal)]
    [InlineData(36, 63, ControlStateStatus.Legal)]
    public void ABitOfCr3IsReservedAboveTheAddressWidth(int width, int bit, ControlStateStatus expected)
    {
        using Machine machine = new(GuestMode.Long4, features: new CpuFeatures { PhysicalAddressBits = width });
        Assert.Equal(expected, machine.TryEnter(machine.State with { Cr3 = Machine.GuestTables | (1UL << bit) }));
    }

    // M1 and M9.
    [Theory]
    [InlineData(61)]
    [InlineData(62)]
    public void TheLamBitsOfCr3NeedLamAndAreNoAddressBits(int bit)
    {
        using Machine lacking = new(GuestMode.Long4, features: new CpuFeatures { Lam = false });
        Assert.Equal(ControlStateStatus.Cr3Reserved, lacking.TryEnter(lacking.State with { Cr3 = Machine.GuestTables | (1UL << bit) }));
        using Machine machine = new(GuestMode.Long4);
        machine.Map(Address, Machine.Data);
        machine.State = machine.State with { Cr3 = Machine.GuestTables | (1UL << bit) };
        machine.Enter();
        Assert.True(machine.Walker.Translate(new Gva(Address), Access.UserRead, out WalkResult result));
        Assert.Equal(new Gpa(Machine.Data), result.Gpa);
    }

    [Fact]
    public void ThePcidAndTheNoFlushBitAreNoAddressBits()
    {
        using Machine machine = new(GuestMode.Long4);
        machine.Map(Address, Machine.Data);
        machine.State = machine.State with { Cr3 = Machine.GuestTables | 0xABC | (1UL << 63), Cr4 = Machine.Pae | Pcide };
        machine.Enter();
        Assert.True(machine.Walker.Translate(new Gva(Address), Access.UserRead, out _));
    }

    [Theory]
    [InlineData(GuestMode.Legacy32)]
    [InlineData(GuestMode.Unpaged)]
    [InlineData(GuestMode.Pae)]
    public void OutsideLongModeTheUpperHalfOfCr3IsNoAddress(GuestMode mode)
    {
        using Machine machine = new(mode);
        machine.Map(Address, Machine.Data);
        machine.State = machine.State with { Cr3 = Machine.GuestTables | 0xFFFF_FFFF_0000_0018 };
        machine.Enter();
        Assert.True(machine.Walker.Translate(new Gva(Address), Access.UserRead, out WalkResult result));
        Assert.Equal(new Gpa(mode == GuestMode.Unpaged ? Address : Machine.Data), result.Gpa);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(40)]
    [InlineData(51)]
    [InlineData(52)]
    [InlineData(63)]
    public void AReservedBitInAPresentPdpteRefusesTheLoadAndChangesNothing(int bit)
    {
        using Machine machine = new(GuestMode.Pae, features: new CpuFeatures { PhysicalAddressBits = 40 });
        machine.Map(Address, Machine.Data);
        machine.Enter();
        for (int index = 0; index < 4; index++)
        {
            ulong root = Machine.Data + 0x1000;
            machine.Guest.At(Machine.GuestTables, 32).CopyTo(machine.Guest.At(root, 32));
            machine.Guest.Write(root + (8 * (ulong)index), 8, machine.Guest.Read(root + (8 * (ulong)index), 8) | (1UL << bit));
            AssertRefused(machine, machine.State with { Cr3 = root }, ControlStateStatus.PdpteReserved);
            machine.Guest.Write(root + (8 * (ulong)index), 8, 1UL << bit);
            Assert.Equal(ControlStateStatus.Legal, machine.TryEnter(machine.State with { Cr3 = root }));
            machine.Enter();
        }
    }

    [Fact]
    public void PdptesAreRegistersThatOnlyALoadChanges()
    {
        using Machine machine = new(GuestMode.Pae);
        machine.Map(Address, Machine.Data);
        machine.Enter();
        machine.Guest.Write(Machine.GuestTables, 8, 0);
        Assert.True(machine.Walker.Translate(new Gva(Address), Access.UserRead, out _));
        machine.Enter();
        Assert.False(machine.Walker.Translate(new Gva(Address), Access.UserRead, out WalkResult result));
        Assert.Equal((FaultCause.NotPresent, 3), (result.Cause, result.Level));
    }

    [Theory]
    [InlineData(SecondMode.None)]
    [InlineData(SecondMode.Ept4)]
    [InlineData(SecondMode.Ept4Marking)]
    [InlineData(SecondMode.Ept5Marking)]
    public void PdptesThatCannotBeReachedRefuseTheLoadAndChangeNothing(SecondMode second)
    {
        using Machine machine = new(GuestMode.Pae, second);
        machine.Map(Address, Machine.Data);
        machine.Enter();
        AssertRefused(machine, machine.State with { Cr3 = 0x7000_0000 }, ControlStateStatus.PdptesUnreachable);
    }

    [Fact]
    public void ARefusedStateChangesNothing()
    {
        using Machine machine = new(GuestMode.Long4, features: new CpuFeatures { Smep = false, PhysicalAddressBits = 40 });
        machine.Map(Address, Machine.Data);
        machine.Enter();
        ControlState state = machine.State;
        AssertRefused(machine, state with { Cr4 = state.Cr4 | (1UL << 20), Cr0 = Machine.Paging }, ControlStateStatus.UnsupportedFeature);
        AssertRefused(machine, state with { Cr3 = 1UL << 40 }, ControlStateStatus.Cr3Reserved);
        AssertRefused(machine, state with { Cr4 = 0 }, ControlStateStatus.IllegalCombination);
    }

    [Theory]
    [InlineData(SecondMode.Ept4)]
    [InlineData(SecondMode.Npt4)]
    public void ARefusedSecondDimensionChangesNothing(SecondMode second)
    {
        using Machine machine = new(GuestMode.Long4, second);
        machine.Map(Address, Machine.Data);
        machine.Enter();
        Assert.True(machine.Walker.Peek(new Gva(Address), Access.UserWrite, out WalkResult before));
        ControlState state = machine.State with { Cr0 = Machine.Paging };
        foreach (ulong pointer in (ulong[])[0x1000 | 6, 0x1000 | (5 << 3) | 6, 0x1000 | (3 << 3) | 5, 0x1000 | (3 << 3) | 6 | 0x80, (1UL << 40) | (3 << 3) | 6])
        {
            EptControl ept = new() { EptPointer = pointer, PhysicalAddressBits = 40 };
            Assert.Equal(ControlStateStatus.EptPointerInvalid, machine.Walker.SetControlState(state, ept));
        }

        EptControl poor = new() { EptPointer = 0x1000 | (4 << 3) | 6, FiveLevels = false };
        Assert.Equal(ControlStateStatus.EptPointerInvalid, machine.Walker.SetControlState(state, poor));
        poor = new() { EptPointer = 0x1000 | (3 << 3) | 6 | 0x40, AccessedDirty = false };
        Assert.Equal(ControlStateStatus.EptPointerInvalid, machine.Walker.SetControlState(state, poor));
        foreach (ulong log in (ulong[])[0x5008, 0x5FFC, 1UL << 40])
        {
            poor = new() { EptPointer = 0x1000 | (3 << 3) | 6 | 0x40, LogAddress = log, PhysicalAddressBits = 40 };
            Assert.Equal(ControlStateStatus.EptPointerInvalid, machine.Walker.SetControlState(state, poor));
            Assert.Equal(0UL, machine.Walker.Log.Address);
        }

        NptControl npt = new() { NestedCr3 = 1UL << 40, HostCr4 = Machine.Pae, HostEfer = Machine.LongModeActive, PhysicalAddressBits = 40 };
        Assert.Equal(ControlStateStatus.NestedCr3Invalid, machine.Walker.SetControlState(state, npt));
        npt = new() { NestedCr3 = 0x1000, HostEfer = Machine.LongModeActive };
        Assert.Equal(ControlStateStatus.NestedCr3Invalid, machine.Walker.SetControlState(state, npt));

        Assert.Equal(machine.State, machine.Walker.ControlState);
        Assert.True(machine.Walker.Peek(new Gva(Address), Access.UserWrite, out WalkResult after));
        Assert.Equal(before, after);
    }

    [Theory]
    [InlineData(31)]
    [InlineData(53)]
    public void AnAddressWidthThatNoProcessorHasIsRefusedWithItsValue(int bits)
    {
        using Machine machine = new(GuestMode.Long4);
        Assert.Contains($"{bits}", Throws(() => new GuestWalker(machine.Guest.Memory, new CpuFeatures { PhysicalAddressBits = bits })), StringComparison.Ordinal);
        EptControl ept = new() { EptPointer = 0x1000 | (3 << 3) | 6, PhysicalAddressBits = bits };
        Assert.Contains($"{bits}", Throws(() => machine.Walker.SetControlState(machine.State, ept)), StringComparison.Ordinal);
        NptControl npt = new() { PhysicalAddressBits = bits };
        Assert.Contains($"{bits}", Throws(() => machine.Walker.SetControlState(machine.State, npt)), StringComparison.Ordinal);
    }

    private static string Throws(Func<object> call) => Assert.Throws<ArgumentOutOfRangeException>(() => call()).Message;

    private static void AssertRefused(Machine machine, ControlState state, ControlStateStatus expected)
    {
        ControlState before = machine.Walker.ControlState;
        string mode = machine.Walker.Mode;
        Assert.True(machine.Walker.Peek(new Gva(Address), Access.UserWrite, out WalkResult resultBefore));
        Assert.Equal(expected, machine.TryEnter(state));
        Assert.Equal(before, machine.Walker.ControlState);
        Assert.Equal(mode, machine.Walker.Mode);
        Assert.True(machine.Walker.Peek(new Gva(Address), Access.UserWrite, out WalkResult resultAfter));
        Assert.Equal(resultBefore, resultAfter);
    }
}
