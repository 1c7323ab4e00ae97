// Architecture: what a mode does with address bits it does not translate.
namespace Mmu.Architecture.Generation;

/// <summary>What a mode does with the address bits above those it translates.</summary>
internal enum AddressForm
{
    /// <summary>They must repeat the highest translated bit.</summary>
    Canonical,

    /// <summary>They are dropped: addresses are 32 bits wide.</summary>
    Truncated,

    /// <summary>They must be zero: a guest-physical address in a second dimension.</summary>
    ZeroExtended,
}
