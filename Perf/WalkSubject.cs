// Perf: a walker as a subject: a turn is a chunk of walks.
using System;

namespace Mmu.Perf;

/// <summary>A competitor over the chunks of a working set.</summary>
internal sealed unsafe class WalkSubject(Competitor competitor, WorkingSet set, MeasureKind kind) : Subject(competitor.Name, WorkingSet.ChunkWalks)
{
    public override void Prepare(int chunk)
    {
        if (kind == MeasureKind.Write)
        {
            set.ClearAccessedDirty(chunk);
        }
    }

    public override void Run(int chunk)
    {
        ulong* gvas = set.Chunk(chunk);

        // 0, as all addresses are the user's half; the loop it goes to cannot know.
        ulong zero = *gvas >> 63;
        if (competitor.Run(gvas, WorkingSet.ChunkWalks, zero) == ulong.MaxValue)
        {
            throw new InvalidOperationException($"{competitor.Name} refused a walk of {set.Mode} {set.Name}.");
        }
    }
}
