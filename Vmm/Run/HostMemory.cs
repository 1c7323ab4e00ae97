// Vmm.Run: the physical memory of the processor that runs guests, mapped here too.
// UNSAFETY: reads and writes a shared mapping through its address; every offset is checked against its size.
using System;
using System.Globalization;
using System.IO;
using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using Mmu.Vmm.Images;

namespace Mmu.Vmm.Run;

/// <summary>A piece of memory that a processor takes for all of its physical memory.</summary>
internal sealed unsafe class HostMemory : IDisposable
{
    private const string SharedFolder = "/dev/shm";

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _base;
    private bool _disposed;

    private HostMemory(MemoryMappedFile file, ulong bytes, string? path)
    {
        _file = file;
        Bytes = bytes;
        Path = path;
        _view = file.CreateViewAccessor(0, (long)bytes);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _base = start;
    }

    /// <summary>Gets its size in bytes.</summary>
    internal ulong Bytes { get; }

    /// <summary>Gets the file behind it, for another process as long as this lives; null if there is none.</summary>
    internal string? Path { get; }

    /// <summary>Gets where its first byte lies in this process.</summary>
    internal nuint Address => (nuint)_base;

    /// <summary>Maps zeroed memory for a guest of a size.</summary>
    /// <param name="guestBytes">Size of guest memory in bytes.</param>
    /// <param name="shared">True for a file that another process can map.</param>
    /// <exception cref="InputException">There is not so much memory.</exception>
    internal static HostMemory Create(ulong guestBytes, bool shared)
    {
        ulong bytes = HostLayout.Total(guestBytes);
        Require(bytes, MemoryAvailable(), "free memory");
        if (!shared)
        {
            return new HostMemory(MemoryMappedFile.CreateNew(null, (long)bytes), bytes, null);
        }

        string folder = Directory.Exists(SharedFolder) ? SharedFolder : System.IO.Path.GetTempPath();
        Require(bytes, (ulong)new DriveInfo(folder).AvailableFreeSpace, $"room in {folder}");
        string path = System.IO.Path.Combine(folder, $"mmu-run-{Environment.ProcessId}-{Guid.NewGuid():n}");
        FileStream? stream = null;
        try
        {
            // Nothing is left behind whatever happens: the file keeps no name, and the other process finds it among the open files of this one.
            stream = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            File.Delete(path);
            string open = $"/proc/{Environment.ProcessId}/fd/{stream.SafeFileHandle.DangerousGetHandle()}";
            var file = MemoryMappedFile.CreateFromFile(
                stream, null, (long)bytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
            stream = null;
            return new HostMemory(file, bytes, open);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{folder}: no file for guest memory: {ImageFile.OneLine(e)}", e);
        }
        finally
        {
            stream?.Dispose();
        }
    }

    /// <summary>Returns bytes at a physical address.</summary>
    internal Span<byte> At(ulong address, int count)
    {
        Check(address, (ulong)count);

        // SAFETY: the range is inside the view, which lives as long as this.
        return new Span<byte>(_base + address, count);
    }

    /// <summary>Returns the 64-bit word at a physical address.</summary>
    internal ref ulong Word(ulong address)
    {
        Check(address, sizeof(ulong));

        // SAFETY: as above.
        return ref Unsafe.AsRef<ulong>(_base + address);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private static ulong MemoryAvailable()
    {
        foreach (string line in File.Exists("/proc/meminfo") ? File.ReadLines("/proc/meminfo") : [])
        {
            if (line.StartsWith("MemAvailable:", StringComparison.Ordinal))
            {
                return ulong.Parse(line.AsSpan(13).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture) << 10;
            }
        }

        return (ulong)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    }

    private static void Require(ulong bytes, ulong available, string what)
    {
        if (bytes > available)
        {
            throw new InputException(
                $"the guest needs {bytes >> 20} MiB (its memory twice, and tables), but there are only {available >> 20} MiB of {what}");
        }
    }

    private void Check(ulong address, ulong count)
    {
        if (address > Bytes || Bytes - address < count)
        {
            throw new ArgumentOutOfRangeException(nameof(address), address, "Outside physical memory.");
        }
    }
}
