// TDP judge: how an access to guest physical memory ends on our tables.
namespace Mmu.Tests.Tdp;

/// <param name="Kind">How it ends.</param>
/// <param name="Code">The exit qualification of an EPT violation, or the error code of a nested page fault.</param>
/// <param name="Page">The page, if the path to it is present and well-formed.</param>
internal readonly record struct GpaOutcome(GpaOutcomeKind Kind, ulong Code, GpaPage Page)
{
    internal bool Passes => Kind == GpaOutcomeKind.Passes;
}
