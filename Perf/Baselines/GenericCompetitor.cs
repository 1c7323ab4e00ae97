// Perf: the generic walker in the measured loops.
using Mmu.Perf.Peers;

namespace Mmu.Perf.Baselines;

/// <summary>Runs <see cref="GenericWalker"/> one address after the other.</summary>
internal sealed unsafe class GenericCompetitor(WorkingSet set, uint access, bool dependent) : Competitor(Generic)
{
    private readonly PeerContext* _context = set.Context;
    private GenericMode _mode = GenericMode.Of(set.Mode);

    public override ulong Run(ulong* gvas, int count, ulong zero)
    {
        GenericMode mode = _mode;
        return dependent ? Dependent(&mode, gvas, count, zero) : Independent(&mode, gvas, count);
    }

    private ulong Dependent(GenericMode* mode, ulong* gvas, int count, ulong zero)
    {
        PeerResult outcome;
        ulong sum = 0;
        ulong last = 0;
        for (int i = 0; i < count; i++)
        {
            if (GenericWalker.Walk(mode, _context, gvas[i] ^ last, access, &outcome) != GenericWalker.Ok)
            {
                return ulong.MaxValue;
            }

            sum += outcome.Gpa;
            last = outcome.Gpa & zero;
        }

        return sum;
    }

    private ulong Independent(GenericMode* mode, ulong* gvas, int count)
    {
        PeerResult outcome;
        ulong sum = 0;
        for (int i = 0; i < count; i++)
        {
            if (GenericWalker.Walk(mode, _context, gvas[i], access, &outcome) != GenericWalker.Ok)
            {
                return ulong.MaxValue;
            }

            sum += outcome.Gpa;
        }

        return sum;
    }
}
