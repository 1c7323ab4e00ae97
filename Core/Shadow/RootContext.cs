// Shadow: the roots of a vCPU for one kind of address.
using Mmu.Architecture;

namespace Mmu.Shadow;

/// <summary>
/// A vCPU's roots for linear addresses, or those for guest physical addresses of its guests behind EPT or NPT. One is in force; the other keeps
/// what it has.
/// </summary>
/// <remarks>Owner: the vCPU's thread.</remarks>
internal sealed class RootContext
{
    /// <summary>The current root, then those used before it, the last one first.</summary>
    internal RootSet Roots { get; } = new();

    /// <summary>The code for the form of the guest's tables; null before the first root.</summary>
    internal ShadowCode? Code { get; set; }

    /// <summary>Of linear addresses: the role that <see cref="Code"/> and <see cref="RootRole"/> were chosen for.</summary>
    internal CpuRole SelectedFor { get; set; }

    /// <summary>The role of roots, quadrant 0.</summary>
    internal PageRole RootRole { get; set; }
}
