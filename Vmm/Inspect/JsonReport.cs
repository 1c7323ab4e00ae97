// Vmm: output for programs: one JSON document, addresses as hexadecimal strings (they exceed what JSON numbers hold).
using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using Mmu.Architecture;
using Mmu.Vmm.Images;
using Mmu.Walk;

namespace Mmu.Vmm.Inspect;

/// <summary>Prints everything as JSON, streaming.</summary>
internal sealed class JsonReport : IReport, IDisposable
{
    private const int FlushBytes = 1 << 16;

    private readonly Action<string> _write;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;

    /// <summary>Hands finished pieces of the document to <paramref name="write"/>.</summary>
    public JsonReport(Action<string> write)
    {
        _write = write;
        _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Indented = true });
    }

    /// <inheritdoc/>
    public void Begin(GuestImage image)
    {
        _json.WriteStartObject();
        _json.WriteString("file", image.Path);
        _json.WriteString("kind", image.Kind);
        _json.WriteNumber("memoryBytes", image.Pages.Bytes);
        _json.WriteString("rootsFrom", image.RootsFrom);
        _json.WriteStartArray("notes");
        foreach (string note in image.Notes)
        {
            _json.WriteStringValue(note);
        }

        _json.WriteEndArray();
        _json.WriteStartArray("roots");
        for (int i = 0; i < image.Roots.Count; i++)
        {
            PagingRoot root = image.Roots[i];
            _json.WriteStartObject();
            _json.WriteNumber("index", i);
            _json.WriteString("label", root.Label);
            _json.WriteString("mode", root.ModeName);
            Hex("cr3", root.Cr3);
            Hex("cr0", root.Cr0);
            Hex("cr4", root.Cr4);
            Hex("efer", root.Efer);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteStartArray("addressSpaces");
    }

    /// <inheritdoc/>
    public void BeginRoot(int index, PagingRoot root, bool isOnly, string? note)
    {
        _json.WriteStartObject();
        _json.WriteNumber("root", index);
        if (note is not null)
        {
            _json.WriteString("note", note);
        }
    }

    /// <inheritdoc/>
    public void Pages(IEnumerable<MappedPage> pages)
    {
        _json.WriteStartArray("pages");
        foreach (MappedPage page in pages)
        {
            _json.WriteStartObject();
            Hex("gva", page.Gva.Value);
            Hex("gpa", page.Gpa.Value);
            _json.WriteNumber("size", page.Bytes);
            Hex("entry", page.Entry);
            _json.WriteString("flags", EntryFlags.OfLeaf(page.Entry, page.Bytes > PageMath.PageSize));
            _json.WriteString("rights", EntryFlags.Full(page.Rights));
            _json.WriteEndObject();
            FlushIfLarge();
        }

        _json.WriteEndArray();
    }

    /// <inheritdoc/>
    public void Aliases(ulong gpa, IEnumerable<MappedPage> pages) => Pages(pages);

    /// <inheritdoc/>
    public void Ranges(IEnumerable<MappedPage> pages)
    {
        _json.WriteStartArray("ranges");
        foreach (MappedRange range in RangeMerger.Merge(pages, Rights.User | Rights.Write | Rights.Execute))
        {
            _json.WriteStartObject();
            Hex("start", range.Start);
            Hex("last", range.Last);
            _json.WriteString("rights", EntryFlags.Full(range.Rights));
            _json.WriteStartArray("pageSizes");
            for (ulong rest = range.PageSizes; rest != 0; rest &= rest - 1)
            {
                _json.WriteNumberValue(rest & (~rest + 1));
            }

            _json.WriteEndArray();
            _json.WriteEndObject();
            FlushIfLarge();
        }

        _json.WriteEndArray();
    }

    /// <inheritdoc/>
    public void Summary(RootSummary summary)
    {
        _json.WriteStartObject("summary");
        _json.WriteStartArray("levels");
        for (int level = summary.Scan.Levels.Count; level > 0; level--)
        {
            LevelCount count = summary.Scan.Levels[level - 1];
            _json.WriteStartObject();
            _json.WriteNumber("level", level);
            _json.WriteNumber("tables", count.Tables);
            _json.WriteNumber("entries", count.Entries);
            _json.WriteNumber("leaves", count.Leaves);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteStartArray("pageSizes");
        foreach ((ulong size, long count) in summary.Tally.Counts)
        {
            _json.WriteStartObject();
            _json.WriteNumber("size", size);
            _json.WriteNumber("pages", count);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteNumber("mappedBytes", summary.Tally.Bytes);
        _json.WriteNumber("tablesNotInImage", summary.Scan.Missing.Count);
        if (summary.Incomplete is { } reason)
        {
            _json.WriteString("incomplete", reason);
        }

        _json.WriteEndObject();
    }

    /// <inheritdoc/>
    public void Explain(Explanation explanation)
    {
        _json.WriteStartObject("explain");
        Hex("gva", explanation.Gva);
        if (explanation.Gpa is { } gpa)
        {
            Hex("gpa", gpa);
            _json.WriteNumber("pageSize", explanation.PageSize);
            _json.WriteString("rights", EntryFlags.Full(explanation.Rights));
        }

        _json.WriteStartArray("steps");
        foreach (ExplainedStep step in explanation.Steps)
        {
            _json.WriteStartObject();
            _json.WriteNumber("level", step.Level);
            Hex("entryAddress", step.EntryGpa);
            Hex("entry", step.Entry);
            _json.WriteString("meaning", step.Meaning);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteStartArray("accesses");
        foreach (Verdict verdict in explanation.Verdicts)
        {
            _json.WriteStartObject();
            _json.WriteString("access", verdict.Access);
            _json.WriteBoolean("allowed", verdict.Allowed);
            _json.WriteString("outcome", verdict.Outcome);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteEndObject();
    }

    /// <inheritdoc/>
    public void EndRoot() => _json.WriteEndObject();

    /// <inheritdoc/>
    public void End()
    {
        _json.WriteEndArray();
        _json.WriteEndObject();
        Flush();
        _write("\n");
    }

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    private void Hex(string name, ulong value) => _json.WriteString(name, $"0x{value:x}");

    private void FlushIfLarge()
    {
        if (_json.BytesPending + _buffer.WrittenCount >= FlushBytes)
        {
            Flush();
        }
    }

    private void Flush()
    {
        _json.Flush();
        _write(Encoding.UTF8.GetString(_buffer.WrittenSpan));
        _buffer.ResetWrittenCount();
    }
}
