// Common: which roots of a guest's guests an invalidation concerns.
using System.Runtime.InteropServices;

namespace Mmu.Common;

/// <summary>Which of a vCPU's roots for guests of its guest are to be dropped.</summary>
/// <param name="Kind">By what they are chosen.</param>
/// <param name="Value">The root address of L1's tables, or the tag.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct NestedRoots(NestedRootsKind Kind, ulong Value = 0);
