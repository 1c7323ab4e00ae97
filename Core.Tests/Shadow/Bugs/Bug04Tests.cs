// Bug 4: an assertion that guest memory does not change behind the MMU's back. It does: devices and the host write it. The rule: whatever is
// read, nothing breaks.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Conformance;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Tests.Walk;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug04Tests
{
    private const int Steps = 3000;
    private const int TablePages = 24;
    private const ulong Device = 0x5000_0000;

    public static IEnumerable<TheoryDataRow<GuestMode>> Modes =>
        from mode in Enum.GetValues<GuestMode>() where mode != GuestMode.Unpaged select new TheoryDataRow<GuestMode>(mode);

    [Theory]
    [MemberData(nameof(Modes))]
    public void Bug04TablesThatChangeBehindOurBackBreakNothing(GuestMode mode)
    {
        using ShadowScene scene = new(mode, quota: 64);
        SeededRandom random = new(4);
        int bytes = scene.Tables.Shape.EntryBytes;
        for (int i = 0; i < 16; i++)
        {
            scene.Tables.Map(AddressOf(random), ShadowScene.Data + ((ulong)i << 12), 0x67);
        }

        scene.Load();
        for (int i = 0; i < Steps; i++)
        {
            // Any entry of any table, the first and the last few, but for the root of PAE: a CR3 load checks it.
            ulong page = (ulong)random.Next(TablePages) + (mode == GuestMode.Pae ? 1u : 0);
            ulong index = (ulong)random.Next(8);
            scene.Guest.Write(Machine.GuestTables + (page << 12) + (index * (ulong)bytes), bytes, EntryOf(random));
            Access access = new((AccessKind)random.Next(3), random.Next(2) == 0 ? AccessFlags.None : AccessFlags.User);
            FaultOutcome outcome = scene.Cpu.Touch(AddressOf(random), access);
            Assert.NotEqual(FaultOutcome.VmDead, outcome);
            if (i % 16 == 0)
            {
                scene.Cpu.LoadCr3(scene.State.Cr3);
            }

            if (i % 100 == 0)
            {
                scene.Audit();
            }
        }
    }

    // Few addresses, so that they meet each other's tables.
    private static ulong AddressOf(SeededRandom random) => ((ulong)random.Next(2) << 30) | ((ulong)random.Next(4) << 21) | ((ulong)random.Next(8) << 12);

    private static ulong EntryOf(SeededRandom random)
    {
        ulong bits = 0x21UL | ((ulong)random.Next(4) << 1) | ((ulong)random.Next(2) << 6) | (random.Next(8) == 0 ? 0x80UL : 0);
        return random.Next(8) switch
        {
            0 => 0,
            1 => Device | bits,
            2 or 3 => (Machine.GuestTables + ((ulong)random.Next(TablePages) << 12)) | bits,
            4 => ((ulong)random.Next(8) << 21) | bits | 0x80,
            _ => (ShadowScene.Data + ((ulong)random.Next(64) << 12)) | bits,
        };
    }
}
