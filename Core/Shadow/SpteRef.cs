// Shadow: the place of an SPTE in 31 bits.
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>Where an SPTE stands: page and index. Half the size of a pointer, which halves rmaps and parent lists.</summary>
internal readonly record struct SpteRef
{
    private const int IndexBits = 9;

    private readonly uint _value;

    internal SpteRef(PageHandle page, int index) => _value = (page.Index << IndexBits) | (uint)index;

    private SpteRef(uint value) => _value = value;

    /// <summary>The table page; never none.</summary>
    internal PageHandle Page => new(_value >> IndexBits);

    /// <summary>The entry's index.</summary>
    internal int Index => (int)(_value & ((1 << IndexBits) - 1));

    /// <summary>As a word with bit 0 clear; never 0, as page 0 holds no SPTE.</summary>
    internal uint ToWord() => _value << 1;

    /// <summary>From a word that <see cref="ToWord"/> made.</summary>
    internal static SpteRef FromWord(uint word) => new(word >> 1);
}
