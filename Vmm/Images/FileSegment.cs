// Vmm: a stretch of guest memory that lies contiguously in a file.
namespace Mmu.Vmm.Images;

/// <summary>Guest memory from <paramref name="Gpa"/>, <paramref name="Length"/> bytes, at <paramref name="Offset"/> of the file.</summary>
internal readonly record struct FileSegment(ulong Gpa, ulong Length, ulong Offset)
{
    /// <summary>Gets the first address after the segment.</summary>
    public ulong End => Gpa + Length;
}
