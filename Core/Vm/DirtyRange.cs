// Vm: adjacent pages that were written.
using System.Runtime.InteropServices;
using Mmu.Addressing;

namespace Mmu.Vm;

/// <summary>Adjacent pages that were written.</summary>
/// <param name="Start">The first address.</param>
/// <param name="Bytes">Size in bytes; a multiple of 4096.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct DirtyRange(Gpa Start, ulong Bytes);
