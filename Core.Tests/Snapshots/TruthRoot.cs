// Snapshot tests: what QEMU said about one root.
using System.Collections.Generic;

namespace Mmu.Tests.Snapshots;

/// <summary>The lines of a truth file that follow one "R" line.</summary>
internal sealed record TruthRoot(ulong Cr3, ulong Cr0, ulong Cr4, ulong Efer, string Label)
{
    /// <summary>Gets the "T" lines: page, frame, flags of the leaf entry.</summary>
    public IList<(ulong Gva, ulong Gpa, string Flags)> Pages { get; } = [];

    /// <summary>Gets the "M" lines: first address, address after the last, rights folded over all levels.</summary>
    public IList<(ulong Start, ulong End, string Rights)> Ranges { get; } = [];

    /// <summary>Gets the "G" lines: an address and its translation, null for a hole.</summary>
    public IList<(ulong Gva, ulong? Gpa)> Translations { get; } = [];

    /// <summary>Gets or sets the "K" line: the root whose upper half this one shares, and the pages in it; null if "T" lists all.</summary>
    public (ulong Cr3, int Pages)? SharedUpperHalf { get; set; }

    /// <summary>Returns whether <paramref name="gva"/> is in the half that K lines speak of: the kernel's part of it all.</summary>
    public bool IsUpperHalf(ulong gva) => (Efer & (1 << 10)) != 0 ? gva >> 63 != 0 : gva >= 0xc000_0000;

    /// <inheritdoc/>
    public override string ToString() => $"cr3={Cr3:x} ({Label})";
}
