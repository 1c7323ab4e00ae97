// Shadow judge: what a word of guest memory held, and when.
namespace Mmu.Tests.Shadow;

internal readonly record struct WordVersion(ulong Value, long From, long To);
