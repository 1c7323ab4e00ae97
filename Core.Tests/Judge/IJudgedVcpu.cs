// Judges: a vCPU of the library with the processor that runs it.
using Mmu.Common;

namespace Mmu.Tests.Judge;

internal interface IJudgedVcpu
{
    bool IsInGuest { get; }

    /// <summary>The library asked it to leave the guest.</summary>
    bool IsKicked { get; }

    /// <summary>Enters the guest, unless it is there.</summary>
    RootStatus Enter();

    void Leave();
}
