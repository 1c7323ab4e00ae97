// Judge: consecutive host frames and the memory of this process that stands for them.
using System.Threading;

namespace Mmu.Tests.Judge;

/// <summary>
/// <paramref name="pages"/> pages of memory that go by one frame number each at a time: the frames from <paramref name="first"/> on, or those a
/// multiple of the size further, after the host has moved a page elsewhere. What it had before is then revoked, and for good.
/// </summary>
internal sealed class HostRange(ulong first, int pages, nuint address, HostUse use, int generations = 1)
{
    private readonly int[] _generation = new int[generations > 1 ? pages : 0];
    private readonly int[] _oldest = new int[generations > 1 ? pages : 0];
    private int _isGone;

    internal int Pages => pages;

    internal nuint Address => address;

    internal HostUse Use => use;

    /// <summary>Nothing may reach the memory any more.</summary>
    internal bool IsGone
    {
        get => Volatile.Read(ref _isGone) != 0;
        set => Volatile.Write(ref _isGone, value ? 1 : 0);
    }

    internal bool Holds(ulong frame) => frame - first < (ulong)pages * (ulong)generations;

    /// <summary>The frame that a page goes by now.</summary>
    internal ulong FrameOf(int page) => first + (ulong)page + ((ulong)Read(_generation, page) * (ulong)pages);

    /// <summary>True if the frame was revoked.</summary>
    internal bool IsRevoked(ulong frame) => IsGone || (int)((frame - first) / (ulong)pages) < Read(_oldest, PageOf(frame));

    internal int PageOf(ulong frame) => (int)((frame - first) % (ulong)pages);

    internal nuint AddressOf(ulong frame) => address + ((nuint)PageOf(frame) << 12);

    /// <summary>Gives a page another frame; false if the numbers are used up.</summary>
    internal bool TryMove(int page)
    {
        if (Read(_generation, page) + 1 >= generations)
        {
            return false;
        }

        _ = Interlocked.Increment(ref _generation[page]);
        return true;
    }

    /// <summary>Revokes the frames that a page had before.</summary>
    internal void Revoke(int page) => Volatile.Write(ref _oldest[page], Read(_generation, page));

    private static int Read(int[] numbers, int page) => numbers.Length == 0 ? 0 : Volatile.Read(ref numbers[page]);
}
