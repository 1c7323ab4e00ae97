// Architecture: the plans of all kinds of access.
using System.Runtime.CompilerServices;

namespace Mmu.Architecture;

/// <summary>One <see cref="AccessPlan"/> for each value of <see cref="Access.Bits"/>.</summary>
[InlineArray(Count)]
internal struct AccessPlans
{
    /// <summary>Number of plans.</summary>
    internal const int Count = 64;

    private AccessPlan _first;
}
