using Mmu.Addressing;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Memory;

/// <summary>Guard pages, read from what the system says about the mappings: touching one would end the process.</summary>
public sealed class FenceTests
{
    private const string NoAccess = "---p";
    private const string ReadWrite = "rw-p";

    [Fact]
    public void TableArenasHaveAGuardOnEachSide()
    {
        using TableArena arena = new(TableBacking.Own(), 8, new Pfn(1), 0, 0, fence: true);
        Assert.Equal(NoAccess, MemoryMaps.PermissionsOf(arena.HostAddress - 1));
        Assert.Equal(ReadWrite, MemoryMaps.PermissionsOf(arena.HostAddress));
        Assert.Equal(ReadWrite, MemoryMaps.PermissionsOf(arena.HostAddress + (8 * 4096) - 1));
        Assert.Equal(NoAccess, MemoryMaps.PermissionsOf(arena.HostAddress + (8 * 4096)));
    }

    [Fact]
    public void BlocksHaveAGuardOnEachSideAndAreGuardedWhenFreed()
    {
        using PrivateArena arena = new(64 * 4096, fence: true, hugePages: false);
        ArenaArray<byte> first = arena.Allocate<byte>(4096);
        ArenaArray<byte> second = arena.Allocate<byte>(5000);
        first[0] = 1;
        second[4999] = 1;

        Assert.Equal(NoAccess, MemoryMaps.PermissionsOf(first.Start - 1));
        Assert.Equal(NoAccess, MemoryMaps.PermissionsOf(first.Start + 4096));
        Assert.Equal(NoAccess, MemoryMaps.PermissionsOf(second.Start - 1));
        Assert.Equal(ReadWrite, MemoryMaps.PermissionsOf(second.Start + 8191));
        Assert.Equal(NoAccess, MemoryMaps.PermissionsOf(second.Start + 8192));

        arena.Free(first);
        Assert.Equal(NoAccess, MemoryMaps.PermissionsOf(first.Start));
        ArenaArray<byte> again = arena.Allocate<byte>(4096);
        Assert.Equal(first.Start, again.Start);
        Assert.Equal(0, again[0]);
        arena.Free(again);
        arena.Free(second);
        Assert.Equal(1, arena.FreeRangeCount);
    }

    [Fact]
    public void HugePagesAreAdviceThatChangesNothingElse()
    {
        using PrivateArena arena = new(8 << 20, fence: false, hugePages: true);
        ArenaArray<ulong> array = arena.Allocate<ulong>(1 << 20);
        array[1 << 19] = 3;
        arena.Free(array);
        array = arena.Allocate<ulong>(1 << 20);
        Assert.Equal(0UL, array[1 << 19]);
        arena.Free(array);
    }
}
