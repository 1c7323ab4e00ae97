// Tests: a 4-byte entry that no processor has, its frame below a real one's.
using Mmu.Architecture.Generation;

namespace Mmu.Tests.Derivation;

/// <summary>A 32-bit entry that reaches physical-address bit 33.</summary>
[PteLayout(32)]
internal readonly partial struct NarrowPte
{
    [Bit(31)]
    public partial bool Present { get; }

    [Bit(30)]
    public partial bool Writable { get; }

    [Bit(7)]
    public partial bool User { get; }

    [Bit(6)]
    public partial bool Accessed { get; }

    [Bit(1)]
    public partial bool Dirty { get; }

    [Bit(0)]
    public partial bool Large { get; }

    [Bits(8, 29)]
    public partial ulong Frame { get; }
}
