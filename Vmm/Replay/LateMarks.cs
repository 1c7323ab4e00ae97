// Vmm: accessed and dirty bits that a guest cleared without a flush, so that a cached translation does not set them again.
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Vmm.Traces;
using Mmu.Walk;

namespace Mmu.Vmm.Replay;

/// <summary>
/// Counts them. Where the guest cleared such a bit and flushed nothing, a smaller TLB may have lost the translation and set the bit again; the
/// recorded one had. So it is set here too, and memory stays the same.
/// </summary>
internal sealed class LateMarks
{
    private const ulong AccessedBit = 0x20;
    private const ulong DirtyBit = 0x40;

    /// <summary>Accesses that a cached translation served although an accessed bit was clear.</summary>
    public ulong Accessed { get; private set; }

    /// <summary>Likewise a dirty bit.</summary>
    public ulong Dirty { get; private set; }

    /// <summary>Takes an access that a cached translation served.</summary>
    public void Served(GuestWalker walker, in TraceRecord record)
    {
        IReadOnlyList<WalkStep> steps = walker.Explain(new Gva(record.Gva), record.Access).Steps;
        bool accessed = steps.Any(step => (step.Entry & AccessedBit) == 0);
        bool dirty = record.Access.Kind == AccessKind.Write && steps.Count > 0 && (steps[^1].Entry & DirtyBit) == 0;
        Accessed += accessed ? 1u : 0;
        Dirty += dirty ? 1u : 0;
        if (accessed || dirty)
        {
            _ = walker.Translate(new Gva(record.Gva), record.Access, out _);
        }
    }

    /// <summary>Says how many there were; null for none.</summary>
    public string? Describe() => Accessed + Dirty == 0
        ? null
        : $"            of those the guest had cleared A in {Accessed:n0} and D in {Dirty:n0}, and flushed nothing";
}
