// Vm: how an invalidation instruction ended.
namespace Mmu.Vm;

/// <summary>How an INVPCID instruction ended.</summary>
public enum InvalidateStatus
{
    /// <summary>Done: the instruction completes.</summary>
    Done,

    /// <summary>Its operands are illegal: inject #GP(0). Nothing has changed.</summary>
    GeneralProtection,
}
