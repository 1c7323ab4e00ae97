// The sizes that the metadata goal and the hot paths rest on.
using System.Runtime.CompilerServices;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Memory;

public sealed class LayoutTests
{
    [Fact]
    public void HandlesHaveFourBytes()
    {
        Assert.Equal(4, Unsafe.SizeOf<PageHandle>());
        Assert.Equal(4, Unsafe.SizeOf<PaeRoot>());
    }

    [Fact]
    public void ArraysAreAnAddressAndALength() => Assert.Equal(16, Unsafe.SizeOf<ArenaArray<uint>>());

    [Fact]
    public void CachesHoldFortyIndexesAndACount()
    {
        Assert.Equal(40, PageCache.Capacity);
        Assert.Equal(164, Unsafe.SizeOf<PageCache>());
        Assert.Equal(164, Unsafe.SizeOf<SlabCache>());
    }

#if !MMU_ASSERT
    [Fact]
    public void APagesWordsAreOneAddress() => Assert.Equal(8, Unsafe.SizeOf<PtPage>());
#endif
}
