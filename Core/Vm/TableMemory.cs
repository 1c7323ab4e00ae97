// Vm: where the tables lie.
using System.Runtime.InteropServices;
using Mmu.Addressing;

namespace Mmu.Vm;

/// <summary>The memory that a processor walks: what a VMM maps into that processor's address space, read and write.</summary>
/// <param name="HostAddress">Its first byte in this process.</param>
/// <param name="Bytes">Its size in bytes.</param>
/// <param name="FirstFrame">The host frame at which the processor must find it.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct TableMemory(nuint HostAddress, ulong Bytes, Pfn FirstFrame);
