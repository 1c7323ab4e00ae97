// Vmm.Run: options of `mmu run`.
using System;
using System.Collections.Immutable;
using Mmu.Common;
using Mmu.Vmm.Run.Guests;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Vmm.Run;

/// <summary>Options of `mmu run`.</summary>
/// <param name="Cpu">The processor; null for the best there is.</param>
/// <param name="All">True for one processor after the other.</param>
/// <param name="Modes">The guest's paging modes, one after the other.</param>
/// <param name="Guest">The guest's sizes.</param>
/// <param name="Timeout">How long the guest may run, each time.</param>
/// <param name="Instructions">How many instructions the model may execute, each time.</param>
/// <param name="Compare">True for the differential mode.</param>
/// <param name="Cases">Cases of the differential mode.</param>
/// <param name="Record">The trace to write of the guest on shadow tables; null for none.</param>
/// <param name="Nested">Format of the tables behind the guest's own; null for shadow tables.</param>
internal sealed record RunOptions(
    ProcessorKind? Cpu, bool All, ImmutableArray<RunMode> Modes, StressOptions Guest, TimeSpan Timeout, long Instructions, bool Compare, int Cases, string? Record, TdpFormat? Nested);
