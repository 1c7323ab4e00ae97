// Vm: how an invalidation instruction ended.
namespace Mmu.Vm;

/// <summary>How an INVPCID, INVEPT or INVVPID instruction ended.</summary>
public enum InvalidateStatus
{
    /// <summary>Done: the instruction completes.</summary>
    Done,

    /// <summary>Its operands are illegal: inject #GP(0). Nothing has changed.</summary>
    GeneralProtection,

    /// <summary>Its operands are illegal: VMfail with error 28, "Invalid operand to INVEPT/INVVPID". Nothing has changed.</summary>
    InvalidOperand,
}
