// Sptes: what a store replaced, and what that makes necessary.
using System.Runtime.InteropServices;

namespace Mmu.Sptes;

/// <summary>One store of an SPTE.</summary>
/// <param name="Old">What stood there, as it was when it was replaced.</param>
/// <param name="New">What stands there now.</param>
/// <param name="Consequences">What must follow.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SpteChange(ulong Old, ulong New, SpteConsequences Consequences)
{
    /// <summary>True if TLBs must be flushed.</summary>
    public bool NeedsFlush => (Consequences & SpteConsequences.Flush) != 0;
}
