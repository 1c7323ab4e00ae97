// Vm: one slot of a snapshot.
using System.Runtime.InteropServices;
using Mmu.Memory;

namespace Mmu.Vm;

/// <summary>One slot of a snapshot.</summary>
/// <param name="Log">What was written since.</param>
/// <param name="Content">What its pages held.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SnapshotSlot(DirtyLogSession Log, ArenaArray<byte> Content);
