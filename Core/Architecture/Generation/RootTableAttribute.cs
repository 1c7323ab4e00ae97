// Architecture: a root table that differs from the others; read by the generator.
using System;
using System.Diagnostics;

namespace Mmu.Architecture.Generation;

/// <summary>Declares a short root table whose entries carry no rights and no accessed bit: the four PDPTEs of PAE paging.</summary>
[AttributeUsage(AttributeTargets.Struct)]
[Conditional("MMU_GENERATOR_INPUT")]
internal sealed class RootTableAttribute : Attribute
{
    /// <summary>Declares a root table indexed by <paramref name="indexBits"/> bits.</summary>
    public RootTableAttribute(int indexBits) => IndexBits = indexBits;

    /// <summary>Index bits of the root table.</summary>
    public int IndexBits { get; }

    /// <summary>True if the entries were loaded into registers when CR3 was written, false if each walk reads them from memory.</summary>
    public bool InRegisters { get; set; }
}
