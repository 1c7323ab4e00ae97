// Tdp: what a leaf is to map.
using System.Runtime.InteropServices;

namespace Mmu.Tdp;

/// <summary>What a leaf is to map.</summary>
/// <param name="Gfn">The guest frame of the access.</param>
/// <param name="Frame">The host frame behind it.</param>
/// <param name="Level">The level to map it at: guest and host frames are aligned alike there.</param>
/// <param name="HostWritable">The host lets it be written.</param>
/// <param name="IsDevice">A device's memory.</param>
/// <param name="FetchOnly">Only fetches are allowed.</param>
/// <param name="Accessed">An access asked for it.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TdpLeaf(ulong Gfn, ulong Frame, int Level, bool HostWritable, bool IsDevice, bool FetchOnly, bool Accessed);
