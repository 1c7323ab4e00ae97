// Shadow judge: every value that each word of guest memory ever held while a processor may remember it.
using System.Collections.Generic;

namespace Mmu.Tests.Shadow;

/// <summary>Past values of 8-byte words, by address space and guest physical address. The value of now is in memory itself.</summary>
internal sealed class WordHistory
{
    private const int PruneAbove = 24;

    private readonly Dictionary<(int AddressSpace, ulong Word), List<WordVersion>> _past = [];

    /// <summary>No processor remembers anything from before this time.</summary>
    internal long Oldest { get; set; }

    /// <summary>Notes that a word lost a value at a time.</summary>
    internal void Ended(int addressSpace, ulong gpa, ulong value, long time)
    {
        if (!_past.TryGetValue((addressSpace, gpa >> 3), out List<WordVersion>? versions))
        {
            _past[(addressSpace, gpa >> 3)] = versions = [];
        }

        versions.Add(new WordVersion(value, versions.Count == 0 ? 0 : versions[^1].To, time));
        if (versions.Count > PruneAbove)
        {
            // The newest stays in any case: it says since when the word has its present value.
            _ = versions.RemoveAll(version => version.To < Oldest && version != versions[^1]);
        }
    }

    /// <summary>Past values of a word, oldest first.</summary>
    internal IReadOnlyList<WordVersion> Of(int addressSpace, ulong gpa) =>
        _past.TryGetValue((addressSpace, gpa >> 3), out List<WordVersion>? versions) ? versions : [];
}
