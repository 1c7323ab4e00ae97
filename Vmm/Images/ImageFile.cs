// Vmm: random access to a file, every failure turned into one line. Reads, not a mapping: a file cut short while it is
// mapped kills the process (SIGBUS), and the pages of an ELF core need not be aligned in the file.
using System;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace Mmu.Vmm.Images;

/// <summary>A regular file read at given offsets.</summary>
internal sealed class ImageFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private ImageFile(string path, SafeFileHandle handle, long length)
    {
        Path = path;
        _handle = handle;
        Length = length;
    }

    public string Path { get; }

    public long Length { get; }

    /// <summary>Opens <paramref name="path"/> for reading.</summary>
    /// <exception cref="InputException">There is no such file, or it cannot be read at any offset (a directory, a pipe).</exception>
    public static ImageFile Open(string path)
    {
        SafeFileHandle? handle = null;
        try
        {
            if (Directory.Exists(path))
            {
                throw new InputException($"{path}: is a directory");
            }

            handle = File.OpenHandle(path);
            return new ImageFile(path, handle, RandomAccess.GetLength(handle));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            handle?.Dispose();
            throw new InputException($"{path}: cannot be opened: {OneLine(e)}", e);
        }
    }

    /// <summary>Fills <paramref name="buffer"/> from <paramref name="offset"/>; <paramref name="what"/> names it in the error.</summary>
    /// <exception cref="InputException">The file ends before the buffer is full, or cannot be read.</exception>
    public void Read(long offset, Span<byte> buffer, string what)
    {
        try
        {
            int done = 0;
            while (done < buffer.Length)
            {
                int n = RandomAccess.Read(_handle, buffer[done..], offset + done);
                if (n == 0)
                {
                    throw new InputException($"{Path}: truncated: {what} at offset 0x{offset:x} lies beyond the end of the file");
                }

                done += n;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{Path}: cannot be read: {OneLine(e)}", e);
        }
    }

    /// <summary>Returns the message of <paramref name="e"/> without line breaks.</summary>
    internal static string OneLine(Exception e) => e.Message.ReplaceLineEndings(" ");

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
