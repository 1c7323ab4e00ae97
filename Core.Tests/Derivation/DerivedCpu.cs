// Tests: the control state of a derivation test, as both walkers take it.
namespace Mmu.Tests.Derivation;

/// <summary>Control state.</summary>
internal sealed record DerivedCpu
{
    public int PhysicalAddressBits { get; init; } = 52;

    public bool Amd { get; init; }

    public bool NoExecuteOff { get; init; }

    public bool No1GPages { get; init; }

    public bool Pse { get; init; }

    public bool WriteProtect { get; init; }

    public bool Smep { get; init; }

    public bool Smap { get; init; }
}
