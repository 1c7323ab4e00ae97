// TDP judge: one command of a stream.
namespace Mmu.Tests.Tdp;

/// <param name="Kind">What to do.</param>
/// <param name="Vcpu">Which vCPU does it, if it is the guest's.</param>
/// <param name="Seed">Decides everything else, given the state: a command means something wherever it stands, so that others can be left out.</param>
internal readonly record struct GpaStreamCommand(GpaStreamKind Kind, int Vcpu, uint Seed);
