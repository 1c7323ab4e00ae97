// Architecture: declares one paging mode; read by the generator.
using System;
using System.Diagnostics;

namespace Mmu.Architecture.Generation;

/// <summary>Declares a paging mode on a partial struct. The generator emits its walker, reserved-bit masks and dispatch entry.</summary>
/// <remarks>The address has <c>Levels × IndexBits</c> translated bits above the page offset; the page offset's width is the lowest bit of the layout's frame, as a physical address bit.</remarks>
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
