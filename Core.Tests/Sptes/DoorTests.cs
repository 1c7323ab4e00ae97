// Tests: stores of entries.
using System;
using System.Threading;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Memory;
using Mmu.Sptes;
using Xunit;

namespace Mmu.Tests.Sptes;

public sealed class DoorTests : IDisposable
{
    private const LeafTraits Writable = LeafTraits.HostWritable | LeafTraits.MmuWritable | LeafTraits.Accessed;
    private const ulong Dirty = 1UL << 9;

    private readonly TableArena _arena = new(TableBacking.Own(), pageCount: 4, new Pfn(0x100), Spte.Empty, paeRootPages: 0);
    private readonly PageHandle _handle;

    public DoorTests()
    {
        PageCache cache = default;
        Assert.True(_arena.TopUp(ref cache, 1));
        _handle = cache.Pop();
        _arena.Drain(ref cache);
    }

    public static TheoryData<string> Formats => SpteProbe.Names;

    private static ulong Leaf => EptSpte.MakeLeaf(
        SpteHosts.Plain, new LeafSpec { Level = 1, Frame = 0x5000, Rights = (Rights)15, Traits = Writable });

    private PtPage Page => _arena[_handle];

    public void Dispose()
    {
        _arena.Free(_handle);
        _arena.Dispose();
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void StoreTellsWhatItReplaced(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        ulong leaf = format.MakeLeaf(SpteHosts.Plain, new LeafSpec { Level = 1, Frame = 0x5000, Rights = (Rights)15, Traits = Writable });

        SpteChange mapped = format.Set(Page, 7, leaf);
        Assert.Equal(new SpteChange(Spte.Empty, leaf, SpteConsequences.None), mapped);
        Assert.False(mapped.NeedsFlush);
        Assert.Equal(leaf, Page.Load(7));

        SpteChange logged = format.Set(Page, 7, format.WriteProtect(leaf, keepMmuWritable: true));
        Assert.Equal((leaf, SpteConsequences.Flush, true), (logged.Old, logged.Consequences, logged.NeedsFlush));

        SpteChange zapped = format.Set(Page, 7, Spte.Empty);
        Assert.Equal(logged.New, zapped.Old);
        Assert.Equal(SpteConsequences.Flush | SpteConsequences.AccessedLost | SpteConsequences.DirtyLost, zapped.Consequences);
        Assert.Equal(Spte.Empty, Page.Load(7));
        Assert.Equal(Spte.Empty, Page.Load(6));
        Assert.Equal(Spte.Empty, Page.Load(8));
    }

    [Fact]
    public void VolatileEntryIsReplacedAsItIsAndNotAsItWas()
    {
        ulong clean = EptSpte.ClearDirty(Leaf);
        Page.Store(3, clean);
        RacingSpte.Meanwhile(() => Page.Store(3, clean | Dirty));

        SpteChange change = SpteDoor.Set<RacingSpte>(Page, 3, Spte.Empty);

        RacingSpte.Meanwhile(null);
        Assert.Equal(clean | Dirty, change.Old);
        Assert.True((change.Consequences & SpteConsequences.DirtyLost) != 0);
    }

    [Fact]
    public void EntryThatNobodyChangesIsStoredPlainly()
    {
        Page.Store(3, Leaf);

        // A change that the rules exclude goes unseen: that is how a plain store shows.
        RacingSpte.Meanwhile(() => Page.Store(3, 0));
        SpteChange change = SpteDoor.Set<RacingSpte>(Page, 3, Spte.Empty);

        RacingSpte.Meanwhile(null);
        Assert.Equal(Leaf, change.Old);
        Assert.Equal(Spte.Empty, Page.Load(3));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void SharedStoreNeedsTheEntryThatWasSeen(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        ulong leaf = format.MakeLeaf(SpteHosts.Plain, new LeafSpec { Level = 1, Frame = 0x5000, Rights = (Rights)15, Traits = Writable });

        Assert.True(format.TrySet(Page, 9, Spte.Empty, leaf, out SpteChange change));
        Assert.Equal(new SpteChange(Spte.Empty, leaf, SpteConsequences.None), change);
        Assert.False(format.TrySet(Page, 9, Spte.Empty, Spte.Frozen, out change));
        Assert.Equal(default, change);
        Assert.Equal(leaf, Page.Load(9));
        Assert.True(format.TrySet(Page, 9, leaf, Spte.Empty, out change));
        Assert.True(change.NeedsFlush);
    }

    [Fact]
    public void NoDirtyBitIsLostToACpuThatSetsIt()
    {
        const int Rounds = 20_000;
        ulong clean = EptSpte.ClearDirty(Leaf);
        int marked = 0;
        int seen = 0;
        bool done = false;
        var cpu = new Thread(() =>
        {
            while (!Volatile.Read(ref done))
            {
                marked += _arena[_handle].TryReplace(0, clean, clean | Dirty) ? 1 : 0;
            }
        });
        cpu.Start();
        for (int round = 0; round < Rounds; round++)
        {
            _ = SpteDoor.Set<EptSpte>(Page, 0, clean);
            seen += (SpteDoor.Set<EptSpte>(Page, 0, Spte.Empty).Consequences & SpteConsequences.DirtyLost) != 0 ? 1 : 0;
        }

        Volatile.Write(ref done, true);
        cpu.Join();
        Assert.Equal(marked, seen);
    }

#if MMU_ASSERT
    [Theory]
    [MemberData(nameof(Formats))]
    public void EntryWhoseWritableBitsAreNotNestedIsRefused(string name)
    {
        ISpteProbe format = SpteProbe.Of(name);
        SpteBits bits = SpteProbe.BitsOf(name);
        ulong present = format.MakeLeaf(SpteHosts.Plain, new LeafSpec { Level = 1 });

        Assert.Throws<System.Diagnostics.UnreachableException>(() => format.Set(Page, 0, present | (1UL << bits.MmuWritable)));
        Assert.Throws<System.Diagnostics.UnreachableException>(() => format.Set(Page, 0, present | (1UL << bits.HostWritable) | (1UL << bits.Write)));
    }
#endif
}
