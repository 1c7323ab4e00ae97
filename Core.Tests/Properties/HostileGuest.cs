// A guest that owns every byte of its tables and means no good: tables that name themselves and each other, memory that is not there,
// garbage.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Tests.Conformance;
using Mmu.Tests.Guest;
using Mmu.Tests.Walk;
using Mmu.Walk;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Properties;

internal sealed class HostileGuest : IDisposable
{
    private const ulong LowSlot = 0x10_0000;
    private const int LowPages = 12;
    private const ulong HighSlot = 0x4000_0000;
    private const int HighPages = 6;
    private const ulong ReadOnlySlot = 0x2000_0000;
    private const int ReadOnlyPages = 3;
    private const ulong LamU57 = 1UL << 61;
    private const ulong LamU48 = 1UL << 62;
    private const ulong SwitchesOfCr4 = 0x0170_0090 | (1UL << 28);

    private static ReadOnlySpan<byte> UsualBits => [0x07, 0x27, 0x67, 0x03, 0x05, 0x25, 0x65, 0x01, 0x37, 0x33];

    private readonly SeededRandom _random;

    internal HostileGuest(GuestMode mode, SecondMode second, ulong seed)
    {
        Mode = mode;
        Second = second;
        _random = new SeededRandom(seed);
        _ = Guest.AddSlot(LowSlot, LowPages);
        _ = Guest.AddSlot(HighSlot, HighPages);
        _ = Guest.AddSlot(ReadOnlySlot, ReadOnlyPages, SlotFlags.ReadOnly);
        Fill(LowSlot, LowPages);
        Fill(HighSlot, HighPages);
        Fill(ReadOnlySlot, ReadOnlyPages);
        if (second != SecondMode.None && Chance(80))
        {
            MapSomethingBehind();
        }

        Guest.Seal();
        CpuFeatures features = new()
        {
            Vendor = Chance(50) ? CpuVendor.Amd : CpuVendor.Intel,
            PhysicalAddressBits = Chance(70) ? 52 : 32 + _random.Next(21),
            Pse36 = Chance(50),
            Pages1G = Chance(80),
        };
        Walker = new GuestWalker(Guest.Memory, features);
    }

    internal GuestMode Mode { get; }

    internal SecondMode Second { get; }

    internal TestGuest Guest { get; } = new();

    internal GuestWalker Walker { get; }

    /// <summary>Loads a state with random switches; false if it is refused, as PDPTEs of garbage are.</summary>
    internal bool TryEnter()
    {
        ControlState plain = Machine.StateOf(Mode);
        ulong cr4 = plain.Cr4 | (_random.NextBits() & SwitchesOfCr4);
        bool longMode = Mode is GuestMode.Long4 or GuestMode.Long5;
        return TryEnter(plain with
        {
            Cr0 = plain.Cr0 ^ (Chance(30) ? Machine.WriteProtect : 0),
            Cr3 = RandomTable() | (longMode ? _random.NextBits() & (LamU48 | LamU57) : 0),
            Cr4 = cr4,
            Efer = plain.Efer ^ (Chance(30) ? Machine.NoExecute : 0),
            Pkru = (uint)_random.NextBits() & 0xFF0F_0FF0,
            Pkrs = (uint)_random.NextBits() & 0x0FF0_FF0F,
        });
    }

    /// <summary>Loads a state in which a supervisor read is refused by no permission of the guest's own tables.</summary>
    internal bool TryEnterPermissive() => TryEnter(Machine.StateOf(Mode) with { Cr3 = RandomTable() });

    internal Access RandomAccess() => new((AccessKind)_random.Next(3), (AccessFlags)(_random.NextBits() & 0x3C));

    internal Gva RandomAddress()
    {
        ulong bits = _random.NextBits();
        return new Gva(_random.Next(8) switch
        {
            0 => bits,
            1 => bits & 0xFFFF_FFFF,
            2 => (ulong)(long)(int)bits,
            3 => bits >> 17,
            4 => (ulong)((long)bits >> 16),
            5 => (ulong)((long)bits >> 7),
            6 => bits & 0x1F_FFFF,
            _ => (0UL - (bits & 3) + ((bits & 4) != 0 ? 1UL << 47 : 0)) & ~((bits & 8) << 60),
        });
    }

    internal ulong RandomBits() => _random.NextBits();

    internal int Random(int below) => _random.Next(below);

    public void Dispose() => Guest.Dispose();

    private bool TryEnter(ControlState state)
    {
        ControlStateStatus status = Second switch
        {
            SecondMode.None => Walker.SetControlState(state),
            SecondMode.Ept4 or SecondMode.Ept4Marking or SecondMode.Ept5Marking => Walker.SetControlState(state, new EptControl
            {
                EptPointer = LowSlot | 6 | (Second == SecondMode.Ept5Marking ? 0x60UL : Second == SecondMode.Ept4Marking ? 0x58UL : 0x18),
                ModeBasedExecute = Chance(30),
                ExecuteOnly = Chance(70),
            }),
            _ => Walker.SetControlState(state, new NptControl
            {
                NestedCr3 = LowSlot,
                HostCr4 = Machine.Pse | (Second == SecondMode.Npt32 ? 0 : Machine.Pae) | (Second == SecondMode.Npt5 ? Machine.La57 : 0),
                HostEfer = Machine.NoExecute | (Second is SecondMode.Npt4 or SecondMode.Npt5 ? Machine.LongModeActive : 0),
                GuestModeExecuteTrap = Chance(30),
            }),
        };
        return status == ControlStateStatus.Legal;
    }

    // Tables of the second dimension that map some of the slots to themselves, in the pages that the hostile fill left there: otherwise
    // few nested walks would get past their first table.
    private void MapSomethingBehind()
    {
        TableShape shape = Machine.ShapeOf(Second)!;
        PageTables tables = new(Guest, shape, LowSlot);
        Guest.At(LowSlot, 6 * 4096).Clear();
        for (ulong page = 0; page < LowPages * 4096; page += 4096)
        {
            tables.Map(LowSlot + page, LowSlot + page, shape.LeafBits);
        }

        // One table for both, in what was mapped as data above.
        for (int index = 0; index < 3; index++)
        {
            ulong entry = LowSlot + ((ulong)_random.Next(5 * 512) * 8);
            if (Guest.Read(entry, 8) == 0)
            {
                Guest.Write(entry, 8, RandomEntry());
            }
        }
    }

    private void Fill(ulong first, int pages)
    {
        int bytes = Mode == GuestMode.Legacy32 ? 4 : 8;
        for (ulong at = first; at < first + ((ulong)pages * 4096); at += (ulong)bytes)
        {
            Guest.Write(at, bytes, RandomEntry());
        }
    }

    private ulong RandomEntry()
    {
        ulong bits = _random.NextBits();
        ulong usual = UsualBits[(int)(bits & 0xFF) % UsualBits.Length];
        return ((bits >> 8) & 31) switch
        {
            0 => 0,
            1 => bits,
            2 => bits & 0xFFFF_FFFF,
            3 => (bits & 0xF_FFFF_FFFF_F000) | usual,
            4 => (bits & 0x7FFF_F000) | usual,
            5 => RandomTable() | usual | (bits & 0xFFF0_0000_0000_0000),
            6 => RandomTable() | (bits >> 20 & 0xFFF),
            7 or 8 => (RandomTable() & ~0x3FFF_FFFFUL) | usual | 0x80,
            9 or 10 => (RandomTable() & ~0x1F_FFFFUL) | usual | 0x80,
            11 => RandomTable() | usual | 0x80,
            _ => RandomTable() | usual,
        };
    }

    private ulong RandomTable()
    {
        int page = _random.Next(LowPages + HighPages + ReadOnlyPages);
        return page < LowPages ? LowSlot + ((ulong)page * 4096)
            : page < LowPages + HighPages ? HighSlot + ((ulong)(page - LowPages) * 4096)
            : ReadOnlySlot + ((ulong)(page - LowPages - HighPages) * 4096);
    }

    private bool Chance(int percent) => _random.Next(100) < percent;
}
