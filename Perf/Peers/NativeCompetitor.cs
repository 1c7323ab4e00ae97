// Perf: a loop of walks that runs in C: one call a chunk.
namespace Mmu.Perf.Peers;

/// <summary>Calls an exported chunk loop of walker.c.</summary>
internal sealed unsafe class NativeCompetitor(string name, nint function, WorkingSet set, uint access) : Competitor(name)
{
    private readonly delegate* unmanaged<PeerContext*, ulong*, ulong, ulong, uint, ulong> _function =
        (delegate* unmanaged<PeerContext*, ulong*, ulong, ulong, uint, ulong>)function;

    private readonly PeerContext* _context = set.Context;

    public override ulong Run(ulong* gvas, int count, ulong zero) => _function(_context, gvas, (ulong)count, zero, access);
}
