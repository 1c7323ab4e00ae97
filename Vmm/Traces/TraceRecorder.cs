// Vmm: records a run as a trace that is complete in itself, wherever in the run it starts and ends.
using System;
using System.Collections.Generic;
using System.IO;
using Mmu.Architecture;
using Mmu.Vmm.Images;

namespace Mmu.Vmm.Traces;

/// <summary>
/// Records a run. Before the start it only remembers which pages are tables; a recording starts with what those hold and with the control
/// state of each vCPU, and ends with what they hold then.
/// </summary>
internal sealed class TraceRecorder : IDisposable
{
    private readonly Stream _stream;
    private readonly TraceHeader _header;
    private readonly Func<ulong, ReadOnlySpan<byte>> _pageAt;
    private readonly HashSet<ulong> _named = [];
    private readonly List<ulong> _pages = [];
    private readonly SortedDictionary<byte, ControlState> _states = [];
    private readonly HashSet<ulong> _expected = [];
    private TraceWriter? _writer;

    /// <summary>Records nothing yet.</summary>
    /// <param name="stream">Where to; the recorder's from now on.</param>
    /// <param name="header">The guest's machine.</param>
    /// <param name="pageAt">Returns what a page of guest memory holds now.</param>
    public TraceRecorder(Stream stream, TraceHeader header, Func<ulong, ReadOnlySpan<byte>> pageAt)
    {
        _stream = stream;
        _header = header;
        _pageAt = pageAt;
    }

    /// <summary>Creates the file of a recording.</summary>
    /// <exception cref="InputException">It cannot be created.</exception>
    public static FileStream CreateFile(string path)
    {
        try
        {
            return File.Create(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InputException($"{path}: cannot be created: {ImageFile.OneLine(e)}", e);
        }
    }

    /// <summary>Starts the recording with the state that the machine is in.</summary>
    public void Start()
    {
        _writer = new TraceWriter(_stream, _header);
        foreach (ulong gpa in _pages)
        {
            _writer.Write(new TraceRecord { Kind = RecordKind.Page, Gpa = gpa, Page = _pageAt(gpa) });
        }

        foreach ((byte vcpu, ControlState state) in _states)
        {
            _writer.Write(new TraceRecord { Kind = RecordKind.Control, Vcpu = vcpu, Control = state });
        }
    }

    /// <summary>Takes one record of the run, with the answer that was found; a page must hold by now what it is expected to.</summary>
    public void Add(in TraceRecord record)
    {
        switch (record.Kind)
        {
            case RecordKind.Page when !_named.Add(record.Gpa):
                return;
            case RecordKind.Page:
                _pages.Add(record.Gpa);
                break;
            case RecordKind.Control:
                _states[record.Vcpu] = record.Control;
                break;
            case RecordKind.ExpectedPage:
                Expect(record.Gpa);
                return;
        }

        _writer?.Write(record);
    }

    /// <summary>Ends the recording: what each table page holds, and the end record.</summary>
    public void Finish()
    {
        foreach (ulong gpa in _pages)
        {
            Expect(gpa);
        }

        _writer?.Finish();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _writer?.Dispose();
        _stream.Dispose();
    }

    private void Expect(ulong gpa)
    {
        if (_writer is not null && _expected.Add(gpa))
        {
            _writer.Write(new TraceRecord { Kind = RecordKind.ExpectedPage, Gpa = gpa, Page = _pageAt(gpa) });
        }
    }
}
