// Tests: an 8-byte entry whose frame ends at bit 63.
using Mmu.Architecture.Generation;

namespace Mmu.Tests.Derivation;

/// <summary>A 64-bit entry with its frame at the top.</summary>
[PteLayout(64)]
internal readonly partial struct HighPte
{
    [Bit(20)]
    public partial bool Present { get; }

    [Bit(21)]
    public partial bool Writable { get; }

    [Bit(22)]
    public partial bool User { get; }

    [Bit(10)]
    public partial bool Accessed { get; }

    [Bit(11)]
    public partial bool Dirty { get; }

    [Bit(4)]
    public partial bool Large { get; }

    [Bits(24, 63)]
    public partial ulong Frame { get; }

    [Bit(23)]
    public partial bool NoExecute { get; }
}
