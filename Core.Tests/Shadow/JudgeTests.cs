// Shadow judge: the judge itself, on tables made by hand: it must notice what is wrong, and nothing else.
using Mmu.Common;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;
using Xunit;

namespace Mmu.Tests.Shadow;

public sealed class JudgeTests
{
    private const ulong Writable = 2;
    private const ulong User = 4;
    private const ulong Accessed = 0x20;
    private const ulong Dirty = 0x40;
    private const ulong NoExecute = 1UL << 63;
    private static readonly OracleAccess _read = new(OracleKind.Read);
    private static readonly OracleAccess _write = new(OracleKind.Write);
    private static readonly OracleAccess _userRead = new(OracleKind.Read, User: true);
    private static readonly OracleAccess _fetch = new(OracleKind.Fetch);

    [Fact]
    public void RightTablesPass()
    {
        using HandScene scene = new();

        Assert.True(scene.Access(_read));
        Assert.True(scene.Access(_write));
        Assert.True(scene.Access(_userRead));
        Assert.True(scene.Access(_fetch));
        Assert.Equal(0, scene.Model.Stale);
    }

    [Fact]
    public void AWrongFrameIsNoticed()
    {
        using HandScene scene = new();
        scene.Ours(HandScene.LeafTable) += 0x1000;

        Assert.Throws<JudgeException>(() => scene.Access(_read));
    }

    [Theory]
    [InlineData(Writable, OracleKind.Write, false)]
    [InlineData(User, OracleKind.Read, true)]
    public void ARightThatTheGuestDoesNotGiveIsNoticed(ulong bit, object kind, bool user)
    {
        for (ulong table = HandScene.Root; table <= HandScene.LeafTable; table++)
        {
            using HandScene scene = new();
            scene.GuestStores(table, scene.Theirs(table) & ~bit);
            scene.GuestInvalidates();

            Assert.Throws<JudgeException>(() => scene.Access(new OracleAccess((OracleKind)kind, user)));
            scene.Cpu.Flush(new FlushRange(FlushScope.All, default));
            scene.Ours(HandScene.LeafTable) &= ~bit;
            Assert.False(scene.Access(new OracleAccess((OracleKind)kind, user)));
        }
    }

    [Fact]
    public void AFetchThatTheGuestForbidsIsNoticed()
    {
        using HandScene scene = new();
        scene.GuestStores(HandScene.LeafTable, scene.Theirs(HandScene.LeafTable) | NoExecute);
        scene.GuestInvalidates();

        Assert.True(scene.Access(_read));
        Assert.Throws<JudgeException>(() => scene.Access(_fetch));
    }

    [Fact]
    public void AnOldTranslationIsRightUntilItIsInvalidated()
    {
        using HandScene scene = new();
        scene.GuestStores(HandScene.LeafTable, scene.Theirs(HandScene.LeafTable) + 0x1000);

        Assert.True(scene.Access(_write));
        Assert.Equal(1, scene.Model.Stale);
        scene.GuestInvalidates();
        Assert.Throws<JudgeException>(() => scene.Access(_write));
    }

    [Fact]
    public void AnOldUpperEntryIsRightUntilItIsInvalidated()
    {
        using HandScene scene = new();
        scene.GuestStores(HandScene.Root, 0);

        Assert.True(scene.Access(_write));
        scene.GuestInvalidates();
        Assert.Throws<JudgeException>(() => scene.Access(_write));
    }

    // The leaf was taken away before the table above it was given rights: no moment had both.
    [Fact]
    public void AMixtureThatNeverWasIsNoticed()
    {
        using HandScene scene = new();
        ulong upper = scene.Theirs(HandScene.Root);
        ulong leaf = scene.Theirs(HandScene.LeafTable);
        scene.GuestStores(HandScene.Root, upper & ~Writable);
        scene.World.Now++;
        scene.Vcpu.FlushAll(scene.World.Now);
        scene.GuestStores(HandScene.LeafTable, leaf & ~Writable);
        scene.GuestStores(HandScene.Root, upper);

        Assert.Throws<JudgeException>(() => scene.Access(_write));
    }

    // The same in the other order: the processor cached the upper entry, then read the leaf.
    [Fact]
    public void AnOldUpperEntryAboveANewLeafIsRight()
    {
        using HandScene scene = new();
        ulong upper = scene.Theirs(HandScene.Root);
        ulong leaf = scene.Theirs(HandScene.LeafTable);
        scene.GuestStores(HandScene.LeafTable, leaf & ~Writable);
        scene.World.Now++;
        scene.Vcpu.FlushAll(scene.World.Now);
        scene.GuestStores(HandScene.Root, upper & ~Writable);
        scene.GuestStores(HandScene.LeafTable, leaf);

        Assert.True(scene.Access(_write));
    }

    [Theory]
    [InlineData(Accessed, OracleKind.Read)]
    [InlineData(Dirty, OracleKind.Write)]
    public void AMissingMarkIsNoticed(ulong bit, object kind)
    {
        using HandScene scene = new();
        scene.GuestStores(HandScene.LeafTable, scene.Theirs(HandScene.LeafTable) & ~bit);
        scene.GuestInvalidates();

        Assert.Throws<JudgeException>(() => scene.Access(new OracleAccess((OracleKind)kind)));
    }

    [Fact]
    public void AMarkThatNobodyEarnedIsNoticed()
    {
        using HandScene scene = new();
        scene.Slot.WordAt(HandScene.LeafTable << 12) &= ~Dirty;
        Assert.Throws<JudgeException>(() => scene.World.Observe(new System.Collections.Generic.Dictionary<(int, ulong), ulong>()));
        scene.Slot.WordAt(HandScene.LeafTable << 12) |= Dirty;

        Assert.Throws<JudgeException>(() => scene.World.Observe(new System.Collections.Generic.Dictionary<(int, ulong), ulong>()));
    }

    [Fact]
    public void AFrameThatWasTakenAwayIsNoticed()
    {
        using HandScene scene = new();
        Assert.True(scene.Access(_read));
        Assert.True(scene.Slot.Range.TryMove((int)HandScene.Data));
        scene.Slot.Range.Revoke((int)HandScene.Data);

        Assert.Throws<JudgeException>(() => scene.Access(_read));
    }

    [Fact]
    public void AStoreToATrackedFrameIsNoticed()
    {
        using HandScene scene = new();
        scene.Judge.Guard.Track(0, HandScene.Data);

        Assert.True(scene.Access(_read));
        Assert.Throws<JudgeException>(() => scene.Access(_write));
    }

    [Fact]
    public void TablesOutsideTheArenaAreNoticed()
    {
        using HandScene scene = new();
        scene.Ours(HandScene.Root) = ((HandScene.RamFrame + 2) << 12) | 0x67;

        Assert.Throws<JudgeException>(() => scene.Access(_read));
    }

    [Fact]
    public void TheProcessorKeepsWhatItCachedUntilItIsToldToFlush()
    {
        using HandScene scene = new();
        Assert.True(scene.Access(_read));
        scene.Ours(HandScene.LeafTable) = 0;

        Assert.True(scene.Access(_read));
        scene.Cpu.Flush(new FlushRange(FlushScope.Page, default));
        Assert.False(scene.Access(_read));
    }

    [Fact]
    public void TheProcessorMarksOurTables()
    {
        using HandScene scene = new();
        for (ulong table = HandScene.Root; table <= HandScene.LeafTable; table++)
        {
            scene.Ours(table) &= ~(Accessed | Dirty);
        }

        Assert.True(scene.Access(_read));
        Assert.Equal(Accessed, scene.Ours(HandScene.LeafTable) & (Accessed | Dirty));
        Assert.True(scene.Access(_write));
        Assert.Equal(Accessed | Dirty, scene.Ours(HandScene.LeafTable) & (Accessed | Dirty));
        Assert.Equal(Accessed, scene.Ours(HandScene.Root) & (Accessed | Dirty));
    }
}
