// TDP judge: one entry that a processor met on its way.
namespace Mmu.Tests.Tdp;

/// <param name="Table">Host physical address of its table.</param>
/// <param name="Index">Its place in the table.</param>
/// <param name="Level">Its level, 1 for the last.</param>
/// <param name="Entry">The entry.</param>
internal readonly record struct GpaWalkStep(ulong Table, int Index, int Level, ulong Entry);
