// Vmm: decides what a file is by its first bytes and opens it with the matching reader.
using System;

namespace Mmu.Vmm.Images;

/// <summary>Opens any of the supported image formats.</summary>
internal static class ImageOpener
{
    private static ReadOnlySpan<byte> GzipMagic => [0x1f, 0x8b];

    private static ReadOnlySpan<byte> ElfMagic => "\u007fELF"u8;

    /// <summary>Opens the image at <paramref name="path"/>.</summary>
    /// <exception cref="InputException">The file is missing, broken or of an unknown kind, or registers are missing.</exception>
    public static GuestImage Open(string path, RootOptions options)
    {
        ImageFile file = ImageFile.Open(path);
        try
        {
            Span<byte> magic = stackalloc byte[8];
            magic.Clear();
            file.Read(0, magic[..(int)Math.Min(magic.Length, file.Length)], "the first bytes");
            if (magic.StartsWith(ElfMagic))
            {
                RefuseBase(path, options, "an ELF core");
                return ElfCoreReader.Open(file, options);
            }

            if (magic.StartsWith(GzipMagic) || magic.SequenceEqual(SnapshotReader.Magic))
            {
                RefuseBase(path, options, "a snapshot");
                file.Dispose();
                return SnapshotReader.Open(path, magic.StartsWith(GzipMagic), options);
            }

            if (magic.SequenceEqual("KDUMP   "u8) || magic.StartsWith("makedump"u8))
            {
                throw new InputException(
                    $"{path}: compressed kdump files are not supported; dump as plain ELF (dump-guest-memory without -z)");
            }

            return RawImageReader.Open(file, options);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void RefuseBase(string path, RootOptions options, string kind)
    {
        if (options.Base is not null)
        {
            throw new InputException($"--base places a raw image, but {path} is {kind}, which has its own addresses");
        }
    }
}
