// Shadow: what a leaf is made for.
using System.Runtime.InteropServices;
using Mmu.Architecture;

namespace Mmu.Shadow;

/// <summary>What a leaf is to map, and for whom.</summary>
/// <param name="Gfn">First guest frame.</param>
/// <param name="Frame">First host frame.</param>
/// <param name="Rights">What the guest's tables allow.</param>
/// <param name="Key">Protection key.</param>
/// <param name="HostWritable">The host lets the frame be written.</param>
/// <param name="IsDevice">It is a device's memory.</param>
/// <param name="Accessed">An access asked for it.</param>
/// <param name="Writes">That access writes.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LeafIntent(ulong Gfn, ulong Frame, Rights Rights, uint Key, bool HostWritable, bool IsDevice, bool Accessed, bool Writes = false);
