// A guest with one vCPU for tests: 8 MiB of memory, tables in any mode and second dimension, everything mapped to itself.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Architecture;
using Mmu.Tests.Guest;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Walk;

internal sealed class Machine : IDisposable
{
    internal const ulong GuestTables = 0x10_0000;
    internal const ulong SecondTables = 0x40_0000;
    internal const ulong Data = 0x20_0000;
    internal const int Pages = 2048;

    internal const ulong Paging = 0x8000_0001;
    internal const ulong WriteProtect = 1UL << 16;
    internal const ulong Pse = 1UL << 4;
    internal const ulong Pae = 1UL << 5;
    internal const ulong La57 = 1UL << 12;
    internal const ulong LongModeActive = 0x500;
    internal const ulong NoExecute = 1UL << 11;

    private readonly CpuFeatures _features;

    internal Machine(GuestMode mode, SecondMode second = SecondMode.None, CpuFeatures? features = null)
    {
        Mode = mode;
        Second = second;
        _features = features ?? new CpuFeatures();
        _ = Guest.AddSlot(0, Pages);
        Tables = ShapeOf(mode) is { } shape ? new PageTables(Guest, shape, GuestTables) : null;
        SecondDimension = ShapeOf(second) is { } secondShape ? new PageTables(Guest, secondShape, SecondTables) : null;
        if (SecondDimension is { } nested)
        {
            for (ulong page = 0; page < SecondTables; page += 4096)
            {
                nested.Map(page, page, nested.Shape.LeafBits);
            }
        }

        if (mode == GuestMode.Pae)
        {
            for (ulong quarter = 0; quarter < 4; quarter++)
            {
                Tables!.Map(quarter << 30, Data, 7);
            }
        }

        Walker = new GuestWalker(Guest.Memory, _features);
        State = StateOf(mode);
    }

    internal static IEnumerable<(GuestMode Mode, SecondMode Second)> All =>
        from mode in Enum.GetValues<GuestMode>() from second in Enum.GetValues<SecondMode>() select (mode, second);

    internal static IEnumerable<TheoryDataRow<GuestMode, SecondMode>> AllRows => All.Select(x => new TheoryDataRow<GuestMode, SecondMode>(x.Mode, x.Second));

    internal GuestMode Mode { get; }

    internal SecondMode Second { get; }

    internal TestGuest Guest { get; } = new();

    internal GuestWalker Walker { get; }

    /// <summary>The guest's tables; null with paging off.</summary>
    internal PageTables? Tables { get; }

    internal PageTables? SecondDimension { get; }

    /// <summary>The registers that <see cref="Enter"/> puts in force.</summary>
    internal ControlState State { get; set; }

    /// <summary>Maps a page of the guest; nothing to do with paging off.</summary>
    internal void Map(ulong gva, ulong gpa, ulong bits = 7, int level = 1) => Tables?.Map(gva, gpa, bits, level);

    internal void Enter() => Assert.Equal(ControlStateStatus.Legal, TryEnter(State));

    internal ControlStateStatus TryEnter(ControlState state) => Second switch
    {
        SecondMode.None => Walker.SetControlState(state),
        SecondMode.Ept4 or SecondMode.Ept4Marking or SecondMode.Ept5Marking => Walker.SetControlState(state, Ept),
        _ => Walker.SetControlState(state, Npt),
    };

    internal EptControl Ept => new()
    {
        EptPointer = SecondTables | 6 | (Second == SecondMode.Ept5Marking ? 4UL << 3 : 3UL << 3) | (Second == SecondMode.Ept4 ? 0 : 0x40UL),
    };

    internal NptControl Npt => new()
    {
        NestedCr3 = SecondTables,
        HostCr4 = Pse | (Second == SecondMode.Npt32 ? 0 : Pae) | (Second == SecondMode.Npt5 ? La57 : 0),
        HostEfer = NoExecute | (Second is SecondMode.Npt4 or SecondMode.Npt5 ? LongModeActive : 0),
    };

    public void Dispose() => Guest.Dispose();

    internal static ControlState StateOf(GuestMode mode) => new()
    {
        Cr0 = mode == GuestMode.Unpaged ? 1 : Paging | WriteProtect,
        Cr3 = GuestTables,
        Cr4 = mode switch
        {
            GuestMode.Legacy32 => Pse,
            GuestMode.Pae or GuestMode.Long4 => Pae,
            GuestMode.Long5 => Pae | La57,
            _ => 0,
        },
        Efer = mode is GuestMode.Long4 or GuestMode.Long5 ? LongModeActive | NoExecute : mode == GuestMode.Pae ? NoExecute : 0,
    };

    internal static TableShape? ShapeOf(GuestMode mode) => mode switch
    {
        GuestMode.Legacy32 => TableShape.Legacy32,
        GuestMode.Pae => TableShape.Pae,
        GuestMode.Long4 => TableShape.Long4,
        GuestMode.Long5 => TableShape.Long5,
        _ => null,
    };

    internal static TableShape? ShapeOf(SecondMode mode) => mode switch
    {
        SecondMode.Ept4 or SecondMode.Ept4Marking => TableShape.Ept4,
        SecondMode.Ept5Marking => TableShape.Ept5,
        SecondMode.Npt32 => TableShape.Legacy32,
        SecondMode.NptPae => TableShape.Pae,
        SecondMode.Npt4 => TableShape.Long4,
        SecondMode.Npt5 => TableShape.Long5,
        _ => null,
    };
}
