// Oracle: what walking down legacy tables found: every entry, the rights folded over them, and the fault that ended it, if any.
namespace Mmu.Tests.Oracle;

internal sealed class LegacyPath
{
    public LegacyStep[] Steps { get; } = new LegacyStep[5];

    public int Count { get; set; }

    public int EntryBytes { get; set; } = 8;

    public bool Writable { get; set; } = true;

    // The same, but without the leaf: shadow-stack pages are read-only in the leaf alone.
    public bool WritableAboveLeaf { get; set; } = true;

    public bool User { get; set; } = true;

    public bool NoExecute { get; set; }

    public int PageShift { get; set; }

    public ulong Frame { get; set; }

    public ulong Leaf { get; set; }

    public OracleCause Fault { get; set; }

    // Set when the second dimension refused a table read; the fault is then its own.
    public bool SecondFailed { get; set; }

    public SecondResult Second { get; set; }

    public int Level { get; set; }

    public ulong EntryAddress { get; set; }

    public ulong EntryValue { get; set; }
}
