// Vmm: one entry that a walk read.
namespace Mmu.Vmm.Inspect;

/// <summary>The entry of a level: where it lies, what it holds, and what follows from it in words.</summary>
internal readonly record struct ExplainedStep(int Level, ulong EntryGpa, ulong Entry, string Meaning);
