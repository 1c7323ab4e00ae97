// Tests: an 8-byte entry that no processor has, every bit somewhere else.
using Mmu.Architecture.Generation;

namespace Mmu.Tests.Derivation;

/// <summary>A 64-bit entry with its frame two bits above a real one's, and rights on both sides of it.</summary>
[PteLayout(64)]
internal readonly partial struct WidePte
{
    [Bit(3)]
    public partial bool Present { get; }

    [Bit(55)]
    public partial bool Writable { get; }

    [Bit(0)]
    public partial bool User { get; }

    [Bit(58)]
    public partial bool Accessed { get; }

    [Bit(9)]
    public partial bool Dirty { get; }

    [Bit(60)]
    public partial bool Large { get; }

    [Bits(14, 53)]
    public partial ulong Frame { get; }

    [Bit(1)]
    public partial bool NoExecute { get; }
}
