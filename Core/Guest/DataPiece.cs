// Guest: a piece of guest data that is contiguous in this process.
using System.Runtime.InteropServices;

namespace Mmu.Guest;

/// <summary>A piece of guest data that is contiguous in this process.</summary>
/// <param name="Host">Where it lies.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Gpa">Its guest physical address.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DataPiece(nuint Host, int Bytes, ulong Gpa);
