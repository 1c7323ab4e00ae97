// Vmm: a raw image, the bytes of guest memory from one address on; the registers come from the command line.
using System.Collections.Generic;

namespace Mmu.Vmm.Images;

/// <summary>Reader of raw memory images.</summary>
internal static class RawImageReader
{
    private const string MissingRegisters =
        "neither a PTSNAP1 snapshot nor an ELF core; to read it as a raw memory image give --cr3, --cr4 and --efer";

    /// <summary>Opens <paramref name="file"/> and takes ownership of it when it succeeds.</summary>
    /// <exception cref="InputException">Registers are missing, or the placement is impossible.</exception>
    public static GuestImage Open(ImageFile file, RootOptions options)
    {
        var notes = new List<string>();
        RootSet roots = RootSet.Resolve(file.Path, [], string.Empty, options, MissingRegisters, notes);
        ulong start = options.Base ?? 0;
        if ((start & PageMath.OffsetMask) != 0)
        {
            throw new InputException($"--base 0x{start:x} is not a multiple of 4096");
        }

        ulong length = (ulong)file.Length & ~PageMath.OffsetMask;
        if (length == 0)
        {
            throw new InputException($"{file.Path}: {file.Length} bytes are too few for a memory image (less than one page)");
        }

        if (start > PageMath.MaxGpa || length > PageMath.MaxGpa - start)
        {
            throw new InputException($"{file.Path}: 0x{length:x} bytes at --base 0x{start:x} reach beyond 52-bit physical addresses");
        }

        if ((ulong)file.Length != length)
        {
            notes.Add($"the last {(ulong)file.Length - length} bytes are less than a page and are left out");
        }

        var pages = new FilePages(file, [new FileSegment(start, length, 0)]);
        return new GuestImage(file.Path, "raw memory image", pages, roots, notes);
    }
}
