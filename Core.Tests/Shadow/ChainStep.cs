// Shadow judge: a value of a guest entry that a processor may have read, and when it could.
namespace Mmu.Tests.Shadow;

/// <param name="Value">The entry.</param>
/// <param name="From">First time it was there.</param>
/// <param name="To">Last time.</param>
/// <param name="InRom">It lies where accessed and dirty bits cannot be set.</param>
internal readonly record struct ChainStep(ulong Value, long From, long To, bool InRom);
