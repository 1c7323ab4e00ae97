// Vmm: reads MMU traces record by record, gzipped or plain, in bounded memory. Offsets in errors are of the decompressed trace.
using System;
using System.Buffers.Binary;
using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.Text;
using Mmu.Vmm.Images;

namespace Mmu.Vmm.Traces;

/// <summary>Reader of MMU traces.</summary>
internal sealed class TraceReader : IDisposable
{
    private const int BufferBytes = 1 << 17;
    private const ulong MaxMemory = 1UL << 40;
    private const int MinPhysicalAddressBits = 32;
    private const int MaxPhysicalAddressBits = 52;

    private readonly Stream _file;
    private readonly Stream _stream;
    private readonly string _name;
    private readonly bool _compressed;
    private readonly byte[] _buffer = new byte[BufferBytes];

    // What is buffered, and the offset of its first byte in the trace.
    private int _start;
    private int _end;
    private long _offset;

    private TraceReader(Stream file, string name)
    {
        _file = file;
        _name = name;
        _compressed = IsCompressed(file);
        _stream = _compressed ? new GZipStream(file, CompressionMode.Decompress, leaveOpen: true) : file;
        Header = ReadHeader();
    }

    /// <summary>The trace's header.</summary>
    public TraceHeader Header { get; }

    /// <summary>Records read so far, the end not among them.</summary>
    public ulong Records { get; private set; }

    /// <summary>How much of the file has been read, of 1; 0 if that is not known.</summary>
    public double Fraction => _file is { CanSeek: true, Length: > 0 } ? (double)_file.Position / _file.Length : 0;

    /// <summary>Opens a trace.</summary>
    /// <exception cref="InputException">It cannot be read or is no trace.</exception>
    public static TraceReader Open(string path)
    {
        FileStream? file = null;
        try
        {
            file = File.OpenRead(path);
            return new TraceReader(file, path);
        }
        catch (Exception e)
        {
            file?.Dispose();
            if (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
            {
                throw new InputException($"{path}: cannot be opened: {ImageFile.OneLine(e)}", e);
            }

            throw;
        }
    }

    /// <summary>Reads a trace from a stream that is kept open.</summary>
    /// <param name="stream">The stream, at its start; it can seek.</param>
    /// <param name="name">What starts every error.</param>
    /// <exception cref="InputException">It is no trace.</exception>
    public static TraceReader Read(Stream stream, string name) => new(stream, name);

    /// <summary>Reads the next record; false for the end record, after which nothing follows.</summary>
    /// <param name="record">Receives the record. Its page is good until the next call.</param>
    /// <exception cref="InputException">The trace is truncated or corrupt.</exception>
    public bool TryRead(out TraceRecord record)
    {
        Need(1, "a record");
        var kind = (RecordKind)_buffer[_start];
        int length = kind == RecordKind.Access ? AccessLength() : TraceFormat.LengthOf(kind);
        if (length == 0)
        {
            throw Corrupt(string.Create(CultureInfo.InvariantCulture, $"unknown record type 0x{_buffer[_start]:x2}"));
        }

        Need(length, $"a record of type {(char)kind}");
        TraceFormat.Decode(_buffer.AsSpan(_start, length), out record);
        if (TraceFormat.Refuse(record, Header.MemoryBytes) is { } reason)
        {
            throw Corrupt(reason);
        }

        if (kind == RecordKind.End && record.Value != Records)
        {
            throw Corrupt($"the end record counts {record.Value} records, there are {Records}");
        }

        Skip(length);
        if (kind == RecordKind.End)
        {
            CheckEnd();
            return false;
        }

        Records++;
        return true;
    }

    /// <summary>Kind of the flush record of a vCPU if that is what comes next; null if not.</summary>
    public byte? PeekFlush(byte vcpu)
    {
        int length = TraceFormat.LengthOf(RecordKind.Flush);
        return Fill(length) && _buffer[_start] == (byte)RecordKind.Flush && _buffer[_start + 1] == vcpu ? _buffer[_start + 2] : null;
    }

    /// <summary>A refusal of the record that was read last.</summary>
    public InputException Refusal(string reason) => new($"{_name}: record {Records}, before offset {_offset}: {reason}");

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _file.Dispose();
    }

    private static bool IsCompressed(Stream file)
    {
        Span<byte> magic = stackalloc byte[2];
        int read = file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        file.Position -= read;
        return read == magic.Length && magic[0] == 0x1F && magic[1] == 0x8B;
    }

    private TraceHeader ReadHeader()
    {
        if (!Fill(TraceHeader.FixedBytes) || !_buffer.AsSpan(_start, 8).SequenceEqual(TraceHeader.Magic))
        {
            throw new InputException($"{_name}: not an MMU trace: no MMUTRC1 header at offset 0");
        }

        ReadOnlySpan<byte> header = _buffer.AsSpan(_start, TraceHeader.FixedBytes);
        int bits = header[8];
        var features = (TraceFeatures)header[9];
        ulong memory = BinaryPrimitives.ReadUInt64LittleEndian(header[12..]);
        uint metadataBytes = BinaryPrimitives.ReadUInt32LittleEndian(header[20..]);
        if (bits is < MinPhysicalAddressBits or > MaxPhysicalAddressBits)
        {
            throw Corrupt($"MAXPHYADDR {bits}, expected 32 to 52");
        }

        if (memory is 0 or > MaxMemory || memory % TraceRecord.PageBytes != 0)
        {
            throw Corrupt($"{memory} bytes of guest memory, expected whole pages up to 1 TiB");
        }

        if (metadataBytes > TraceHeader.MaxMetadataBytes)
        {
            throw Corrupt($"{metadataBytes} bytes of metadata, expected at most {TraceHeader.MaxMetadataBytes}");
        }

        Skip(TraceHeader.FixedBytes);
        return new TraceHeader(bits, features, memory, ReadText((int)metadataBytes));
    }

    private string ReadText(int bytes)
    {
        var text = new byte[bytes];
        int done = 0;
        while (done < bytes)
        {
            Need(1, "the metadata");
            int part = Math.Min(bytes - done, _end - _start);
            _buffer.AsSpan(_start, part).CopyTo(text.AsSpan(done));
            Skip(part);
            done += part;
        }

        return Encoding.UTF8.GetString(text);
    }

    private int AccessLength()
    {
        Need(3, "a record of type A");
        return TraceFormat.AccessLength(_buffer[_start + 2]);
    }

    private void Skip(int bytes)
    {
        _start += bytes;
        _offset += bytes;
    }

    private void Need(int bytes, string what)
    {
        if (!Fill(bytes))
        {
            throw new InputException($"{_name}: truncated: {what} at offset {_offset} is not complete");
        }
    }

    // Makes so many bytes available in the buffer; false if the trace ends before.
    private bool Fill(int bytes)
    {
        if (_end - _start >= bytes)
        {
            return true;
        }

        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        try
        {
            while (_end < bytes)
            {
                int read = _stream.Read(_buffer.AsSpan(_end));
                if (read == 0)
                {
                    return false;
                }

                _end += read;
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new InputException($"{_name}: cannot be read beyond offset {_offset + _end}: {ImageFile.OneLine(e)}", e);
        }

        return true;
    }

    // Reading on makes the decompressor verify its checksum; but it takes a file cut short inside the trailer for complete.
    private void CheckEnd()
    {
        if (Fill(1))
        {
            throw Corrupt("data after the end record");
        }

        if (!_compressed)
        {
            return;
        }

        Span<byte> size = stackalloc byte[4];
        _ = _file.Seek(-size.Length, SeekOrigin.End);
        _file.ReadExactly(size);
        if (BinaryPrimitives.ReadUInt32LittleEndian(size) != (uint)_offset)
        {
            throw new InputException($"{_name}: truncated or corrupt: the gzip trailer does not give the {_offset} bytes before offset {_offset}");
        }
    }

    private InputException Corrupt(string reason) => new($"{_name}: corrupt at offset {_offset}: {reason}");
}
