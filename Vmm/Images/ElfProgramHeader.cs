// Vmm: one program header of an ELF core, widened to 64 bits.
namespace Mmu.Vmm.Images;

/// <summary>A segment of the file: notes, or guest memory at a physical address.</summary>
internal readonly record struct ElfProgramHeader(uint Type, ulong Offset, ulong PhysicalAddress, ulong FileSize)
{
    /// <summary>PT_LOAD.</summary>
    internal const uint Load = 1;

    /// <summary>PT_NOTE.</summary>
    internal const uint Note = 4;
}
