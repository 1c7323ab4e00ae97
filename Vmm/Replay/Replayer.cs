// Vmm: drives machines with the records of a trace and compares what they answer.
using System;
using System.Collections.Generic;
using System.Globalization;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Vmm.Images;
using Mmu.Vmm.Traces;

namespace Mmu.Vmm.Replay;

/// <summary>Replays a trace on machines, record by record.</summary>
internal sealed class Replayer
{
    private const ulong ProgressInterval = 1 << 14;

    private readonly TraceReader _reader;
    private readonly List<IReplayMachine> _machines;
    private readonly DifferenceLog _differences;
    private readonly TraceRecorder? _recorder;
    private readonly Progress _progress;
    private readonly bool[] _hasState = new bool[256];
    private bool _flushIsDone;

    public Replayer(
        TraceReader reader, List<IReplayMachine> machines, DifferenceLog differences, TraceRecorder? recorder, Progress progress)
    {
        _reader = reader;
        _machines = machines;
        _differences = differences;
        _recorder = recorder;
        _progress = progress;
    }

    /// <summary>Records replayed, by type byte.</summary>
    public ulong[] Counts { get; } = new ulong[128];

    /// <summary>Records replayed.</summary>
    public ulong Records { get; private set; }

    /// <summary>Replays up to the end, or up to <paramref name="limit"/> records.</summary>
    /// <param name="limit">How many records; null for all.</param>
    /// <param name="recordFrom">How many before the recording starts.</param>
    /// <exception cref="InputException">The trace is unusable.</exception>
    public void Run(ulong? limit, ulong recordFrom)
    {
        ulong last = limit ?? ulong.MaxValue;
        while (Records < last)
        {
            if (Records == recordFrom)
            {
                _recorder?.Start();
            }

            if (!_reader.TryRead(out TraceRecord record))
            {
                break;
            }

            Records++;
            Counts[(int)record.Kind]++;
            Replay(ref record);
            _recorder?.Add(record);
            if (_progress.Step(ProgressInterval))
            {
                _progress.Show($"{Records:n0} records", _reader.Fraction);
            }
        }

        if (Records < recordFrom)
        {
            throw _reader.Refusal($"--record-from {recordFrom} lies beyond the end");
        }

        _recorder?.Finish();
        _progress.Clear();
    }

    private void Replay(ref TraceRecord record)
    {
        switch (record.Kind)
        {
            case RecordKind.Page:
                foreach (IReplayMachine machine in _machines)
                {
                    record.Page.CopyTo(machine.Ram.Page(record.Gpa));
                }

                return;
            case RecordKind.ExpectedPage:
                ComparePage(record);
                return;
            case RecordKind.HostStore:
                foreach (IReplayMachine machine in _machines)
                {
                    machine.HostStore(record);
                }

                return;
            case RecordKind.Control:
                Control(record);
                return;
        }

        if (!_hasState[record.Vcpu])
        {
            throw _reader.Refusal($"vCPU {record.Vcpu} has no control state yet");
        }

        switch (record.Kind)
        {
            case RecordKind.Flush:
                Flush(record);
                break;
            case RecordKind.InvalidatePage:
                InvalidatePage(record);
                break;
            case RecordKind.InvalidatePcid:
                InvalidatePcid(record);
                break;
            case RecordKind.Store:
                Store(record);
                break;
            default:
                Access(ref record);
                break;
        }
    }

    private void Control(in TraceRecord record)
    {
        byte? flush = _reader.PeekFlush(record.Vcpu);
        _flushIsDone = flush is not null;
        _hasState[record.Vcpu] = true;
        for (int i = 0; i < _machines.Count; i++)
        {
            ControlStateStatus status = _machines[i].Control(record.Vcpu, record.Control, flush);
            if (status != ControlStateStatus.Legal)
            {
                _differences.Add(i, Records, $"{_machines[i].Name}: control state that the guest's CPU took is refused: {status}", null);
            }
        }
    }

    private void Flush(in TraceRecord record)
    {
        if (_flushIsDone)
        {
            _flushIsDone = false;
            return;
        }

        foreach (IReplayMachine machine in _machines)
        {
            machine.Flush(record.Vcpu, record.Selector);
        }
    }

    private void InvalidatePage(in TraceRecord record)
    {
        foreach (IReplayMachine machine in _machines)
        {
            machine.InvalidatePage(record.Vcpu, new Gva(record.Gva));
        }
    }

    private void InvalidatePcid(in TraceRecord record)
    {
        for (int i = 0; i < _machines.Count; i++)
        {
            if (!_machines[i].InvalidatePcid(record.Vcpu, record))
            {
                _differences.Add(i, Records, $"{_machines[i].Name}: an INVPCID that the guest's CPU carried out is #GP", null);
            }
        }
    }

    private void Store(in TraceRecord record)
    {
        for (int i = 0; i < _machines.Count; i++)
        {
            if (_machines[i].Store(record.Vcpu, record) is { } problem)
            {
                Add(i, record, string.Create(CultureInfo.InvariantCulture, $"a store to 0x{record.Gva:x} (0x{record.Gpa:x}): {problem}"));
            }
        }
    }

    // What is recorded anew is the first machine's answer.
    private void Access(ref TraceRecord record)
    {
        Answer first = default;
        for (int i = 0; i < _machines.Count; i++)
        {
            Answer answer = _machines[i].Access(record.Vcpu, record);
            first = i == 0 ? answer : first;
            if (!answer.Agrees(record))
            {
                Add(i, record, string.Create(
                    CultureInfo.InvariantCulture, $"{AccessText.Of(record)}: recorded {Answer.Of(record)}, found {answer}"));
            }
        }

        if (first.Problem is null)
        {
            AccessText.Put(first, ref record);
        }
    }

    private void Add(int machine, in TraceRecord record, string text)
    {
        string? details = _differences.IsPrinting ? _machines[machine].Describe(record.Vcpu, record) : null;
        _differences.Add(machine, Records, $"{_machines[machine].Name}: {text}", details);
    }

    private void ComparePage(in TraceRecord record)
    {
        for (int i = 0; i < _machines.Count; i++)
        {
            ReadOnlySpan<byte> found = _machines[i].Ram.Page(record.Gpa);
            if (!found.SequenceEqual(record.Page))
            {
                _differences.Add(i, Records, $"{_machines[i].Name}: {PageText.Compare(record.Gpa, record.Page, found)}", null);
            }
        }
    }
}
