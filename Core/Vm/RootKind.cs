// Vm: which register a root is for.
namespace Mmu.Vm;

/// <summary>What a root translates, and so where a processor is to be given it.</summary>
public enum RootKind
{
    /// <summary>Linear addresses, in the guest's stead: CR3.</summary>
    Linear,

    /// <summary>Guest physical addresses, after the guest's own tables: EPTP, or nCR3.</summary>
    Nested,
}
