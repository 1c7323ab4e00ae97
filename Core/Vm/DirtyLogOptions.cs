// Vm: how a dirty log works.
namespace Mmu.Vm;

/// <summary>How a dirty log works. The defaults are a bitmap that starts empty.</summary>
public sealed record DirtyLogOptions
{
    /// <summary>
    /// Every page counts as written at first, and nothing is write-protected before it is harvested: for consumers that copy everything once
    /// anyway. Not with <see cref="UseRings"/>.
    /// </summary>
    public bool InitiallyAllSet { get; init; }

    /// <summary>
    /// Huge pages are split when the log starts; else the first write to each splits it. Costs time at the start and saves faults that map the other
    /// parts again.
    /// </summary>
    public bool SplitEagerly { get; init; }

    /// <summary>When the slot's last log ends, small mappings go where huge ones could be.</summary>
    public bool CollapseAtEnd { get; init; } = true;

    /// <summary>
    /// What a vCPU writes is reported in its ring (<see cref="MmuVcpu.DirtyRing"/>), everything else in this log's bitmap. Needs
    /// <see cref="MmuVmOptions.DirtyRingEntries"/>.
    /// </summary>
    public bool UseRings { get; init; }

    /// <summary>
    /// Keeps a hash of each page, so that <see cref="DirtyLogSession.FindMissedWrites"/> can tell of writes that the log has missed. Reads every page
    /// when the log starts, and each that is reported: for tests and for finding out what is wrong.
    /// </summary>
    public bool Verify { get; init; }
}
