// Vmm.Run: how a processor is made to see tables that changed from outside.
namespace Mmu.Vmm.Run.Processors;

/// <summary>How a processor is made to see tables that changed from outside.</summary>
internal enum FlushMethod
{
    /// <summary>CR3 is loaded again.</summary>
    ReloadCr3,

    /// <summary>CR4.PGE is toggled.</summary>
    ToggleGlobalPages,

    /// <summary>The memory that the tables lie in is taken away and given back.</summary>
    ReplaceRegion,
}
