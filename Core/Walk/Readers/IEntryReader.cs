// Walk: how a level-by-level walk gets at guest entries.
namespace Mmu.Walk;

/// <summary>
/// Reads and marks guest page-table entries for a level-by-level walk. A struct type argument, so that each kind gets its own code.
/// </summary>
internal interface IEntryReader
{
    /// <summary>Loads one entry, once.</summary>
    /// <param name="context">The walking dimension.</param>
    /// <param name="level">The entry's level.</param>
    /// <param name="entryAddress">Its address in the dimension's physical space.</param>
    /// <param name="bytes">Its width: 4 or 8.</param>
    /// <param name="address">The address being translated.</param>
    /// <param name="access">The access.</param>
    /// <param name="entry">Receives the entry.</param>
    /// <param name="result">Receives the fault if the entry cannot be read.</param>
    /// <returns>False if it cannot be read.</returns>
    bool TryRead(WalkContext context, int level, ulong entryAddress, int bytes, ulong address, uint access, out ulong entry, ref WalkResult result);

    /// <summary>
    /// Asks whether the entry at an address that was read may be marked; false with a fault in <paramref name="result"/> if the second
    /// dimension refuses.
    /// </summary>
    bool MayMark(int level, ulong entryAddress, ref WalkResult result);

    /// <summary>
    /// Replaces an entry that was read; false if it changed meanwhile, or the second dimension did. An entry that the guest cannot write is
    /// skipped: that counts as done.
    /// </summary>
    bool TryMark(int level, ulong entryAddress, int bytes, ulong expected, ulong value);

    /// <summary>
    /// Completes a translated result: the host pointer and, in a nested walk, the second dimension; false with a fault in <paramref
    /// name="result"/> if that refuses.
    /// </summary>
    bool TryFinish(uint access, uint rights, ref WalkResult result);
}
