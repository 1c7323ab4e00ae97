using System;
using System.IO;
using Microsoft.Win32.SafeHandles;
using Mmu.Addressing;
using Mmu.Memory;
using Mmu.Tests.Guest;
using Xunit;

namespace Mmu.Tests.Memory;

public sealed unsafe class TableBackingTests
{
    private const int Page = 4096;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TablesInAFileAreSeenThroughTheFile(bool byDescriptor)
    {
        using SafeFileHandle file = NewFile(9 * Page);
        TableBacking backing = byDescriptor ? TableBacking.File((int)file.DangerousGetHandle(), Page) : TableBacking.File(file, Page);
        using TableArena arena = new(backing, 8, new Pfn(0x100), ArenaFixture.Empty, 0);
        PageCache cache = default;
        Assert.True(arena.TopUp(ref cache, 1));
        PageHandle page = cache.Pop();
        arena[page].Store(3, 0x1234_5678);

        byte[] bytes = new byte[8];
        _ = RandomAccess.Read(file, bytes, Page + (page.Index * Page) + 24);
        Assert.Equal(0x1234_5678UL, BitConverter.ToUInt64(bytes));

        // The dummy root is the first page of the tables, which is the file's second; the file's first is not touched.
        _ = RandomAccess.Read(file, bytes, Page);
        Assert.Equal(ArenaFixture.Empty, BitConverter.ToUInt64(bytes));
        _ = RandomAccess.Read(file, bytes, 0);
        Assert.Equal(0UL, BitConverter.ToUInt64(bytes));
        arena.Free(page);
    }

    [Fact]
    public void TheFileIsNotNeededOnceItIsMapped()
    {
        using SafeFileHandle file = NewFile(8 * Page);
        using TableArena arena = new(TableBacking.File(file, 0), 8, null, 0, 0);
        file.Dispose();
        PageCache cache = default;
        Assert.True(arena.TopUp(ref cache, 7));
        arena.Drain(ref cache);
    }

    [Fact]
    public void AFileThatIsTooShortIsRefused()
    {
        using SafeFileHandle file = NewFile(8 * Page);
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => new TableArena(TableBacking.File(file, Page), 8, null, 0, 0));
        Assert.Contains("32768", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TablesInMemoryOfTheCallerAreThereAndStayThere()
    {
        using GuardedPages memory = new(8);
        memory.Bytes.Fill(0x55);
        PageCache cache = default;
        using (TableArena arena = new(TableBacking.Memory(memory.Address), 8, new Pfn(0x100), ArenaFixture.Empty, 0))
        {
            Assert.Equal(memory.Address, arena.HostAddress);
            Assert.True(arena.TopUp(ref cache, 7));
            Assert.Equal(ArenaFixture.Empty, ((ulong*)memory.Address)[(7 * PtPage.WordCount) + 511]);
            arena.Drain(ref cache);
        }

        Assert.Equal(ArenaFixture.Empty, *(ulong*)memory.Address);
    }

    [Fact]
    public void BadArgumentsAreNamed()
    {
        using SafeFileHandle file = NewFile(Page);
        Assert.Equal("address", Assert.Throws<ArgumentOutOfRangeException>(() => TableBacking.Memory(0)).ParamName);
        Assert.Equal("address", Assert.Throws<ArgumentOutOfRangeException>(() => TableBacking.Memory(0x1008)).ParamName);
        Assert.Equal("offset", Assert.Throws<ArgumentOutOfRangeException>(() => TableBacking.File(file, 8)).ParamName);
        Assert.Equal("offset", Assert.Throws<ArgumentOutOfRangeException>(() => TableBacking.File(file, -Page)).ParamName);
        Assert.Equal("fileDescriptor", Assert.Throws<ArgumentOutOfRangeException>(() => TableBacking.File(-1, 0)).ParamName);
        Assert.Equal("file", Assert.Throws<ArgumentNullException>(() => TableBacking.File(null!, 0)).ParamName);
    }

    private static SafeFileHandle NewFile(int bytes)
    {
        string path = Path.GetTempFileName();
        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, FileOptions.DeleteOnClose);
        RandomAccess.SetLength(file, bytes);
        return file;
    }
}
