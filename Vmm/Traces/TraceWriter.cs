// Vmm: writes MMU traces, gzipped.
using System;
using System.Buffers.Binary;
using System.IO;
using System.IO.Compression;
using System.Text;

namespace Mmu.Vmm.Traces;

/// <summary>Writer of MMU traces. A trace is complete only after <see cref="Finish"/>.</summary>
internal sealed class TraceWriter : IDisposable
{
    private readonly Stream _stream;
    private readonly byte[] _record = new byte[TraceFormat.MaxBytes];

    /// <summary>Writes the header.</summary>
    /// <param name="stream">Where to; kept open.</param>
    /// <param name="header">The guest's machine.</param>
    public TraceWriter(Stream stream, TraceHeader header)
    {
        _stream = new BufferedStream(new GZipStream(stream, CompressionLevel.SmallestSize, leaveOpen: true), 1 << 16);
        byte[] metadata = Encoding.UTF8.GetBytes(header.Metadata);
        Span<byte> bytes = stackalloc byte[TraceHeader.FixedBytes];
        bytes.Clear();
        TraceHeader.Magic.CopyTo(bytes);
        bytes[8] = (byte)header.PhysicalAddressBits;
        bytes[9] = (byte)header.Features;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[12..], header.MemoryBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[20..], (uint)metadata.Length);
        _stream.Write(bytes);
        _stream.Write(metadata);
    }

    /// <summary>Records written so far.</summary>
    public ulong Records { get; private set; }

    /// <summary>Writes one record; not the end.</summary>
    public void Write(in TraceRecord record)
    {
        int length = TraceFormat.Encode(record, _record);
        _stream.Write(_record, 0, length);
        Records++;
    }

    /// <summary>Writes the end record.</summary>
    public void Finish()
    {
        int length = TraceFormat.Encode(new TraceRecord { Kind = RecordKind.End, Value = Records }, _record);
        _stream.Write(_record, 0, length);
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();
}
