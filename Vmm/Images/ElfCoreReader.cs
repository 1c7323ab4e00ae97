// Vmm: ELF cores of a whole guest (QEMU's dump-guest-memory, kdump's vmcore): PT_LOAD segments are placed by p_paddr, CPU
// state is taken from QEMU's notes. ELF64 and, for dumps of 32-bit machines, ELF32.
using System.Collections.Generic;

namespace Mmu.Vmm.Images;

/// <summary>Reader of ELF cores.</summary>
internal static class ElfCoreReader
{
    /// <summary>Opens <paramref name="file"/> and takes ownership of it when it succeeds.</summary>
    /// <exception cref="InputException">The headers are corrupt, point outside the file, or there is no CPU state.</exception>
    public static GuestImage Open(ImageFile file, RootOptions options)
    {
        ElfHeader header = ElfHeader.Read(file);
        var notes = new List<string>();
        var segments = new List<FileSegment>();
        var cpus = new List<QemuCpuState>();
        for (uint i = 0; i < header.ProgramHeaderCount; i++)
        {
            ElfProgramHeader segment = header.ReadProgramHeader(file, i);
            if (segment.Type == ElfProgramHeader.Note)
            {
                ElfNotes.AddCpus(file, segment, cpus);
            }
            else if (segment is { Type: ElfProgramHeader.Load, FileSize: > 0 })
            {
                segments.Add(new FileSegment(segment.PhysicalAddress, segment.FileSize, segment.Offset));
            }
        }

        if (segments.Count == 0)
        {
            throw new InputException($"{file.Path}: corrupt: no PT_LOAD segment with memory");
        }

        RootSet roots = RootSet.Resolve(
            file.Path,
            Roots(cpus, header, options, notes),
            "the QEMU notes",
            options,
            "no QEMU CPU notes; give --cr3, --cr4 and --efer",
            notes);
        string kind = header.Is64 ? "ELF64 core" : "ELF32 core";
        return new GuestImage(file.Path, kind, new FilePages(file, ElfSegments.Normalize(segments, file.Path)), roots, notes);
    }

    // QEMU's note has CR0–CR4 but not EFER. LMA follows from what was running; NXE cannot be seen at all.
    private static List<PagingRoot> Roots(List<QemuCpuState> cpus, ElfHeader header, RootOptions options, List<string> notes)
    {
        var roots = new List<PagingRoot>();
        foreach (QemuCpuState cpu in cpus)
        {
            roots.Add(cpu.ToRoot($"cpu {roots.Count}", header.IsX64));
        }

        if (roots.Count > 0 && options.Efer is null)
        {
            notes.Add(
                "QEMU's notes lack EFER: LMA inferred from CR0, CR4 and the code segment or ELF machine, NXE assumed; --efer changes it");
        }

        return roots;
    }
}
