// Conformance: one page-table entry that a matrix varies.
namespace Mmu.Tests.Conformance;

/// <summary>Where an entry lies in physical memory, how wide it is and what it holds now.</summary>
internal sealed class MatrixEntry(ulong address, int bytes, ulong value)
{
    public ulong Address => address;

    public int Bytes => bytes;

    public ulong Value { get; set; } = value;
}
