// Judge: what a piece of the model's host memory is for.
namespace Mmu.Tests.Judge;

internal enum HostUse
{
    /// <summary>The table arena: the only place where the processor may find tables.</summary>
    Tables,

    /// <summary>A slot's memory: the only place where a leaf may point.</summary>
    Ram,
}
