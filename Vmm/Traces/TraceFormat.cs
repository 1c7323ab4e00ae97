// Vmm: the bytes of an MMU trace's records. Little-endian, fixed widths, no padding.
using System;
using System.Buffers.Binary;
using System.Globalization;
using Mmu.Architecture;

namespace Mmu.Vmm.Traces;

/// <summary>Between records and their bytes, the type byte included.</summary>
internal static class TraceFormat
{
    /// <summary>Bytes of the longest record.</summary>
    internal const int MaxBytes = 1 + 8 + TraceRecord.PageBytes;

    private const int AccessBytes = 11;
    private const byte AccessBits = 63;
    private const ulong GpaLimit = 1UL << 52;

    /// <summary>Bytes of a record; 0 if there is no such type, or if its length depends on what it holds.</summary>
    internal static int LengthOf(RecordKind kind) => kind switch
    {
        RecordKind.Page or RecordKind.ExpectedPage => MaxBytes,
        RecordKind.Control => 38,
        RecordKind.Flush => 3,
        RecordKind.InvalidatePage => 10,
        RecordKind.InvalidatePcid => 13,
        RecordKind.Store => 27,
        RecordKind.HostStore => 18,
        RecordKind.End => 9,
        _ => 0,
    };

    /// <summary>Bytes of an access record of a kind.</summary>
    internal static int AccessLength(byte kind) => AccessBytes + ((kind & TraceRecord.Faulted) != 0 ? 4 : 9);

    /// <summary>Decodes a whole record.</summary>
    internal static void Decode(ReadOnlySpan<byte> bytes, out TraceRecord record)
    {
        record = default;
        record.Kind = (RecordKind)bytes[0];
        bytes = bytes[1..];
        switch (record.Kind)
        {
            case RecordKind.Page or RecordKind.ExpectedPage:
                record.Gpa = U64(bytes);
                record.Page = bytes[8..];
                break;
            case RecordKind.HostStore:
                record.Gpa = U64(bytes);
                record.Selector = bytes[8];
                record.Value = U64(bytes[9..]);
                break;
            case RecordKind.End:
                record.Value = U64(bytes);
                break;
            default:
                record.Vcpu = bytes[0];
                DecodeOfVcpu(bytes[1..], ref record);
                break;
        }
    }

    /// <summary>Encodes a record.</summary>
    /// <returns>How many bytes it has.</returns>
    internal static int Encode(in TraceRecord record, Span<byte> bytes)
    {
        bytes[0] = (byte)record.Kind;
        Span<byte> rest = bytes[1..];
        switch (record.Kind)
        {
            case RecordKind.Page or RecordKind.ExpectedPage:
                Put(rest, record.Gpa);
                record.Page.CopyTo(rest[8..]);
                break;
            case RecordKind.HostStore:
                Put(rest, record.Gpa);
                rest[8] = record.Selector;
                Put(rest[9..], record.Value);
                break;
            case RecordKind.End:
                Put(rest, record.Value);
                break;
            default:
                rest[0] = record.Vcpu;
                EncodeOfVcpu(record, rest[1..]);
                break;
        }

        return record.Kind == RecordKind.Access ? AccessLength(record.Selector) : LengthOf(record.Kind);
    }

    /// <summary>Why a record cannot be meant so; null if it can.</summary>
    internal static string? Refuse(in TraceRecord record, ulong memoryBytes) => record.Kind switch
    {
        RecordKind.Page or RecordKind.ExpectedPage when record.Gpa % TraceRecord.PageBytes != 0 || record.Gpa >= memoryBytes =>
            Text($"page 0x{record.Gpa:x} is not aligned, or outside guest memory of 0x{memoryBytes:x} bytes"),
        RecordKind.Store or RecordKind.HostStore when record.Selector is not (1 or 2 or 4 or 8) => Text($"a store of {record.Selector} bytes"),
        RecordKind.Store or RecordKind.HostStore when record.Gpa >= memoryBytes || memoryBytes - record.Gpa < record.Selector =>
            Text($"a store to 0x{record.Gpa:x}, outside guest memory of 0x{memoryBytes:x} bytes"),
        RecordKind.Access when (record.Selector & 3) == 3 || record.Selector > AccessBits => Text($"access kind 0x{record.Selector:x2}"),
        RecordKind.Access when record.Gpa >= GpaLimit || (!record.HasFaulted && record.PageShift is not (12 or 21 or 22 or 30)) =>
            Text($"an answer of 0x{record.Gpa:x} in a page of 2^{record.PageShift} bytes"),
        RecordKind.Flush when record.Selector > TraceRecord.FlushAll => Text($"flush kind {record.Selector}"),
        RecordKind.InvalidatePcid when record.Selector > 3 => Text($"INVPCID type {record.Selector}"),
        _ => null,
    };

    private static void DecodeOfVcpu(ReadOnlySpan<byte> bytes, ref TraceRecord record)
    {
        switch (record.Kind)
        {
            case RecordKind.Control:
                record.Control = new ControlState
                {
                    Cr0 = U64(bytes),
                    Cr3 = U64(bytes[8..]),
                    Cr4 = U64(bytes[16..]),
                    Efer = U64(bytes[24..]),
                    Pkru = BinaryPrimitives.ReadUInt32LittleEndian(bytes[32..]),
                };
                break;
            case RecordKind.Flush:
                record.Selector = bytes[0];
                break;
            case RecordKind.InvalidatePage:
                record.Gva = U64(bytes);
                break;
            case RecordKind.InvalidatePcid:
                record.Selector = bytes[0];
                record.Pcid = BinaryPrimitives.ReadUInt16LittleEndian(bytes[1..]);
                record.Gva = U64(bytes[3..]);
                break;
            case RecordKind.Store:
                record.Selector = bytes[0];
                record.Gva = U64(bytes[1..]);
                record.Gpa = U64(bytes[9..]);
                record.Value = U64(bytes[17..]);
                break;
            default:
                record.Selector = bytes[0];
                record.Gva = U64(bytes[1..]);
                if (record.HasFaulted)
                {
                    record.ErrorCode = BinaryPrimitives.ReadUInt32LittleEndian(bytes[9..]);
                }
                else
                {
                    record.Gpa = U64(bytes[9..]);
                    record.PageShift = bytes[17];
                }

                break;
        }
    }

    private static void EncodeOfVcpu(in TraceRecord record, Span<byte> bytes)
    {
        switch (record.Kind)
        {
            case RecordKind.Control:
                Put(bytes, record.Control.Cr0);
                Put(bytes[8..], record.Control.Cr3);
                Put(bytes[16..], record.Control.Cr4);
                Put(bytes[24..], record.Control.Efer);
                BinaryPrimitives.WriteUInt32LittleEndian(bytes[32..], record.Control.Pkru);
                break;
            case RecordKind.Flush:
                bytes[0] = record.Selector;
                break;
            case RecordKind.InvalidatePage:
                Put(bytes, record.Gva);
                break;
            case RecordKind.InvalidatePcid:
                bytes[0] = record.Selector;
                BinaryPrimitives.WriteUInt16LittleEndian(bytes[1..], record.Pcid);
                Put(bytes[3..], record.Gva);
                break;
            case RecordKind.Store:
                bytes[0] = record.Selector;
                Put(bytes[1..], record.Gva);
                Put(bytes[9..], record.Gpa);
                Put(bytes[17..], record.Value);
                break;
            default:
                bytes[0] = record.Selector;
                Put(bytes[1..], record.Gva);
                if (record.HasFaulted)
                {
                    BinaryPrimitives.WriteUInt32LittleEndian(bytes[9..], record.ErrorCode);
                }
                else
                {
                    Put(bytes[9..], record.Gpa);
                    bytes[17] = record.PageShift;
                }

                break;
        }
    }

    private static ulong U64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt64LittleEndian(bytes);

    private static void Put(Span<byte> bytes, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
