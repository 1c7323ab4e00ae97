// Vmm.Run: how a guest tells its processor that a table has changed.
namespace Mmu.Vmm.Run.Compare;

/// <summary>How a guest tells its processor that a table has changed.</summary>
internal enum Invalidation
{
    /// <summary>Not at all: nothing that a TLB may hold is wrong.</summary>
    None,

    /// <summary>INVLPG.</summary>
    Page,

    /// <summary>CR3 is loaded again, which loads PDPTEs too.</summary>
    Root,

    /// <summary>CR4.PGE changes.</summary>
    GlobalPages,
}
