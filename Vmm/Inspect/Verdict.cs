// Vmm: what a CPU does with one kind of access.
namespace Mmu.Vmm.Inspect;

/// <summary>An access ("user write") and its outcome in words ("#PF P|W|U: not writable at level 1").</summary>
internal readonly record struct Verdict(string Access, bool Allowed, string Outcome);
