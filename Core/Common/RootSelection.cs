// Common: which of a vCPU's roots.
namespace Mmu.Common;

/// <summary>Which of a vCPU's roots to let go.</summary>
internal enum RootSelection
{
    /// <summary>All of them.</summary>
    All,

    /// <summary>All but the current one.</summary>
    Previous,

    /// <summary>Those that became invalid or obsolete.</summary>
    Obsolete,
}
