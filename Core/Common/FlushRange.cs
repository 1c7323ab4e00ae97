// Common: a TLB flush.
using System.Runtime.InteropServices;
using Mmu.Addressing;

namespace Mmu.Common;

/// <summary>What to empty a TLB of.</summary>
/// <param name="Scope">Which translations.</param>
/// <param name="Address">Of <see cref="FlushScope.Page"/>, the linear address.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct FlushRange(FlushScope Scope, Gva Address);
