// Bug 11: a store by the host's emulator left no trace. The rule: every store that is made or announced through the library reaches what
// is shadowed, here, and the dirty log (DirtyLog/WritePathTests).
using System;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug11Tests
{
    private const ulong Address = 0x80_0000;

    [Theory]
    [InlineData(GuestMode.Legacy32, 1)]
    [InlineData(GuestMode.Legacy32, 2)]
    [InlineData(GuestMode.Pae, 1)]
    [InlineData(GuestMode.Pae, 2)]
    [InlineData(GuestMode.Long4, 1)]
    [InlineData(GuestMode.Long4, 2)]
    [InlineData(GuestMode.Long4, 3)]
    [InlineData(GuestMode.Long4, 4)]
    [InlineData(GuestMode.Long5, 5)]
    public void Bug11AStoreThroughTheLibraryReachesTheTablesItChanges(GuestMode mode, int level)
    {
        using ShadowScene scene = new(mode);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        scene.Load();
        Span<byte> entry = stackalloc byte[8];
        for (int way = 0; way < 3; way++)
        {
            scene.Tables[Address, level] |= 1;
            Assert.Equal(ShadowScene.Data, scene.Cpu.Map(Address, Access.UserWrite).Gpa);
            ulong at = scene.Tables.AddressOf(Address, level);
            int bytes = scene.Tables.Shape.EntryBytes;
            MemoryMarshal.Write(entry, scene.Tables[Address, level] & ~1UL);
            switch (way)
            {
                case 0:
                    Assert.True(scene.Vm.TryWrite(new Gpa(at), entry[..bytes]));
                    break;
                case 1:
                    // One byte is enough to change an entry.
                    Assert.True(scene.Vm.TryWrite(new Gpa(at), entry[..1]));
                    break;
                default:
                    scene.Tables[Address, level] &= ~1UL;
                    scene.Vm.GuestWrote(new Gpa(at - 0x10), 0x20);
                    break;
            }

            Assert.False(scene.Cpu.Look(Address).IsPresent);
            Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.UserRead));
        }
    }
}
