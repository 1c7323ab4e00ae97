// Generators: mirror of the product's AddressForm.
namespace Mmu.Generators.Model;

/// <summary>What a mode does with the address bits above those it translates; values as in the product's enum of that name.</summary>
internal enum AddressForm
{
    /// <summary>They repeat the highest translated bit.</summary>
    Canonical,

    /// <summary>They are dropped.</summary>
    Truncated,

    /// <summary>They are zero.</summary>
    ZeroExtended,
}
