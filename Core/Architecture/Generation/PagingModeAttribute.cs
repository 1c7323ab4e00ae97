// Architecture: declares one paging mode; read by the generator.
using System;
using System.Diagnostics;

namespace Mmu.Architecture.Generation;

/// <summary>Declares a paging mode on a partial struct. The generator emits its walker, reserved-bit masks and dispatch entry.</summary>
/// <remarks>
/// The page offset is 12 bits; above it the address has <c>Levels × IndexBits</c> translated bits, fewer with a short root.
/// </remarks>
[AttributeUsage(AttributeTargets.Struct)]
[Conditional("MMU_GENERATOR_INPUT")]
internal sealed class PagingModeAttribute : Attribute
{
    /// <summary>Declares a mode whose entries have the given <see cref="PteLayoutAttribute"/> type.</summary>
    public PagingModeAttribute(Type layout) => Layout = layout;

    /// <summary>The entry format.</summary>
    public Type Layout { get; }

    /// <summary>Number of table levels, the root included: 2 to 5.</summary>
    public int Levels { get; set; }

    /// <summary>Index bits of each level: a table has 2 to that power entries.</summary>
    public int IndexBits { get; set; }

    /// <summary>How an address wider than the mode translates is taken.</summary>
    public AddressForm Address { get; set; }
}
