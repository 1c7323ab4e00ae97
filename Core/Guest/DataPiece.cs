// Guest: a piece of guest data that is contiguous in this process.
namespace Mmu.Guest;

/// <summary>A piece of guest data that is contiguous in this process.</summary>
/// <param name="Host">Where it lies.</param>
/// <param name="Bytes">Its size.</param>
internal readonly record struct DataPiece(nuint Host, int Bytes);
