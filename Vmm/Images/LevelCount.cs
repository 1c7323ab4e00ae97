// Vmm: what one level of an address space consists of.
namespace Mmu.Vmm.Images;

/// <summary>Distinct tables of one level, present entries in them, and how many of those map a page.</summary>
internal readonly record struct LevelCount(int Tables, long Entries, long Leaves);
