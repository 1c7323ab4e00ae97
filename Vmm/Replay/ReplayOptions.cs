// Vmm: the parsed command line of `mmu replay`.
namespace Mmu.Vmm.Replay;

/// <summary>What to replay, on what, and what to record.</summary>
/// <param name="File">The trace.</param>
/// <param name="OnWalker">Whether the guest walker replays it.</param>
/// <param name="OnTlb">Whether the software TLB replays it.</param>
/// <param name="OnShadow">Whether the Shadow MMU replays it.</param>
/// <param name="Limit">How many records; null for all.</param>
/// <param name="Record">The trace to write; null for none.</param>
/// <param name="RecordFrom">How many records to replay before it starts.</param>
internal sealed record ReplayOptions(string File, bool OnWalker, bool OnTlb, bool OnShadow, ulong? Limit, string? Record, ulong RecordFrom);
