// Walk: why a permission check refused.
using Mmu.Architecture;

namespace Mmu.Walk;

/// <summary>Why a permission check refused.</summary>
/// <param name="Cause">The rule; <see cref="FaultCause.None"/> if the access is allowed.</param>
/// <param name="ByKey">True if a protection key refuses it, alone or besides.</param>
internal readonly record struct Refusal(FaultCause Cause, bool ByKey);
