// Tests: an 8-byte entry with flags where others have address bits.
using Mmu.Architecture.Generation;

namespace Mmu.Tests.Derivation;

/// <summary>A 64-bit entry with a short frame in its usual place and flags right above it.</summary>
[PteLayout(64)]
internal readonly partial struct PlainPte
{
    [Bit(2)]
    public partial bool Present { get; }

    [Bit(36)]
    public partial bool Writable { get; }

    [Bit(37)]
    public partial bool User { get; }

    [Bit(40)]
    public partial bool Accessed { get; }

    [Bit(41)]
    public partial bool Dirty { get; }

    [Bit(7)]
    public partial bool Large { get; }

    [Bits(12, 35)]
    public partial ulong Frame { get; }

    [Bit(63)]
    public partial bool NoExecute { get; }
}
