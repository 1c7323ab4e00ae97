// Walk: bounds of a walk.
namespace Mmu.Walk;

/// <summary>Bounds of a walk.</summary>
internal static class WalkLimits
{
    /// <summary>Attempts before a walk whose entries keep changing ends in <see cref="WalkOutcome.Retry"/>.</summary>
#if MMU_FAULT_25
    internal const int Attempts = 9;
#else
    internal const int Attempts = 8;
#endif

    /// <summary>
    /// What a walk returns that did not translate; no address is that wide. The address itself comes back in a register: whoever needs it
    /// next would otherwise wait until it has gone through memory.
    /// </summary>
    internal const ulong NoAddress = ulong.MaxValue;
}
