// Snapshot tests: how many lines of each kind have been judged.
namespace Mmu.Tests.Snapshots;

/// <summary>Counts of T, M, G and K lines.</summary>
internal readonly record struct TruthLines(int T, int M, int G, int K);
