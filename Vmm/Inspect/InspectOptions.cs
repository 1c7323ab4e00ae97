// Vmm: the parsed command line of `mmu inspect`.
using Mmu.Vmm.Images;

namespace Mmu.Vmm.Inspect;

/// <summary>What to open and what to show of it.</summary>
/// <param name="File">The image.</param>
/// <param name="Registers">Registers that replace those of the image.</param>
/// <param name="Root">The root to show; null for all.</param>
/// <param name="Cpu">The CPU model.</param>
/// <param name="Format">The form of the output.</param>
/// <param name="ShowPages">Pages rather than ranges.</param>
/// <param name="Explain">The address to explain instead of listing mappings.</param>
/// <param name="Filter">Which mappings to show.</param>
internal sealed record InspectOptions(
    string File, RootOptions Registers, int? Root, CpuModel Cpu, OutputFormat Format, bool ShowPages, ulong? Explain, PageFilter Filter);
