// Vmm.Run: the differential mode: random page tables and accesses, natively and on shadow tables.
using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Vmm.Run.Compare;

/// <summary>
/// Runs cases in batches of states: all of a state's accesses and changes natively, then the same on shadow tables; what the guest can see
/// must be the same after each access.
/// </summary>
[SuppressMessage("Usage", "CA2213", Justification = "The bench and the output are the caller's.")]
internal sealed partial class Comparison : IDisposable
{
    private const int RoundsPerState = 6;
    private const int DifferencesShown = 10;
    private const ulong Accessed = 0x20;

    private readonly Bench _bench;
    private readonly ShadowMachine _machine;
    private readonly ProbeRunner _native;
    private readonly ProbeRunner _shadowed;
    private readonly CaseRandom _random;
    private readonly RunMode _mode;
    private readonly LinearMap _linear;
    private readonly Controls _controls;
    private readonly TextWriter _output;
    private ProcessorState _state;
    private bool _dataDiffers;

    internal Comparison(Bench bench, int seed, TextWriter output)
    {
        _bench = bench;
        _output = output;
        _random = new CaseRandom(seed);
        _mode = bench.Mode;
        _linear = new LinearMap(_mode);
        _controls = new Controls(_random, _mode, bench.Processor.Features);
        foreach (ulong memory in (ReadOnlySpan<ulong>)[HostLayout.GuestMemory, HostLayout.ShadowedMemory(CompareLayout.MemoryBytes)])
        {
            FillMemory(memory);
        }

        _machine = new ShadowMachine(bench.Memory, bench.Processor, bench.Window, bench.Flush);
        _native = new ProbeRunner(bench, null, _linear);
        _shadowed = new ProbeRunner(bench, _machine, _linear);
    }

    /// <summary>Gets the counts.</summary>
    internal CompareTally Tally { get; } = new();

    /// <summary>Gets the machine on shadow tables.</summary>
    internal ShadowMachine Machine => _machine;

    /// <summary>Runs at least so many cases.</summary>
    /// <param name="cases">How many.</param>
    /// <param name="progress">Told how many are done.</param>
    internal void Run(int cases, Action<int> progress)
    {
        while (Tally.Cases < cases)
        {
            RunBatch(cases);
            progress(Tally.Cases);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _machine.Dispose();

    private void FillMemory(ulong memory)
    {
        HostMemory all = _bench.Memory;
        _linear.WriteTables(all.At(memory + CompareLayout.LinearTables, (int)CompareLayout.States));
        for (ulong page = CompareLayout.Data; page < CompareLayout.MemoryBytes; page += 4096)
        {
            all.Word(memory + page) = page;

            // JMP RBX.
            all.Word(memory + page + CompareLayout.CodeOffset) = 0xE3FF;
        }
    }

    private void RunBatch(int cases)
    {
        var states = new List<TableState>();
        for (int i = 0; i < CompareLayout.StateCount && Tally.Cases + (i * RoundsPerState) < cases; i++)
        {
            states.Add(new TableState(_random, _mode, _bench.Processor.Features, _linear, i));
        }

        ChooseState();
        Place(states);
        var plans = new List<List<AccessCase>>();
        var results = new List<List<(AccessOutcome Outcome, byte[] Tables, ulong Data)>>();
        _bench.Processor.Start(_state, _bench.Window.Ports);
        _native.Start(_state);
        foreach (TableState state in states)
        {
            _native.LoadRoot(state.Cr3);
            plans.Add([]);
            results.Add([]);
            for (int round = 0; round < RoundsPerState; round++)
            {
                AccessCase access = Choose(state, round);
                plans[^1].Add(access);
                results[^1].Add(Do(_native, state, access, round, HostLayout.GuestMemory));
            }
        }

        _machine.Start(_state with { Cr3 = states[0].Cr3 }, []);
        _shadowed.Start(_state);
        for (int i = 0; i < states.Count; i++)
        {
            RunShadowed(states[i], plans[i], results[i]);
        }
    }

    // Control registers of a batch.
    private void ChooseState()
    {
        _controls.Start();
        _state = new ProcessorState
        {
            Cr0 = _controls.Cr0,
            Cr4 = _controls.Cr4,
            Efer = _controls.Efer,
            Pkru = _controls.Pkru,
            Descriptors = _bench.Window.Descriptors,
            Cr3 = HostLayout.GuestMemory + CompareLayout.States,
            Ring = Ring.User,
            Rip = _bench.Window.ProbeEndOf(user: true),
            Flags = Probes.UserFlags,
        };
    }

    private void Place(List<TableState> states)
    {
        if (_dataDiffers)
        {
            const int bytes = (int)(CompareLayout.MemoryBytes - CompareLayout.Data);
            ulong there = HostLayout.ShadowedMemory(CompareLayout.MemoryBytes) + CompareLayout.Data;
            _bench.Memory.At(HostLayout.GuestMemory + CompareLayout.Data, bytes).CopyTo(_bench.Memory.At(there, bytes));
            _dataDiffers = false;
        }

        bool announce = _random.Next(2) == 0;
        ulong shadowed = HostLayout.ShadowedMemory(CompareLayout.MemoryBytes);
        foreach (TableState state in states)
        {
            Tally.States++;
            Span<byte> tables = _bench.Memory.At(HostLayout.GuestMemory + state.Offset, CompareLayout.StateBytes);
            state.Write(tables, _bench.Window.RootEntry);
            if (announce)
            {
                _ = _machine.Vm.TryWrite(new Gpa(HostLayout.GuestMemory + state.Offset), tables);
            }
            else
            {
                tables.CopyTo(_bench.Memory.At(shadowed + state.Offset, CompareLayout.StateBytes));
            }
        }

        if (!announce)
        {
            _machine.Vm.ZapAll();
        }

        _bench.Processor.Flush(FlushRegion.Guests, _bench.Processor.FlushMethods[^1]);
    }

    private AccessCase Choose(TableState state, int round)
    {
        AccessKind kind = _random.Next(5) switch { 0 or 1 => AccessKind.Read, 2 or 3 => AccessKind.Write, _ => AccessKind.Fetch };
        bool user = _random.Next(3) != 0;
        bool alignment = !user && _random.Next(3) == 0;
        if (round == 0)
        {
            return new AccessCase(0, 0, false, Invalidation.None, _controls.Cr0, _controls.Cr4, kind, user, alignment);
        }

        (bool downgrade, Invalidation then) = state.Change(
            _bench.Memory.At(HostLayout.GuestMemory + state.Offset, CompareLayout.StateBytes), out int level, out ulong value);
        if (then == Invalidation.GlobalPages)
        {
            _controls.ToggleGlobalPages();
        }
        else
        {
            _controls.Change();
        }

        return new AccessCase(level, value, downgrade, then, _controls.Cr0, _controls.Cr4, kind, user, alignment);
    }

    private (AccessOutcome Outcome, byte[] Tables, ulong Data) Do(
        ProbeRunner runner, TableState state, in AccessCase access, int number, ulong memory)
    {
        if (access.Level != 0)
        {
            runner.Store(HostLayout.GuestMemory + state.Offset + (ulong)state.EntryOffset(access.Level), access.Value);
            if (access.Then == Invalidation.Page)
            {
                runner.Invalidate(state.Address);
            }
            else if (access.Then == Invalidation.Root)
            {
                runner.LoadRoot(state.Cr3);
            }
        }

        runner.SetControl(access.Cr0, access.Cr4);

        AccessOutcome outcome = runner.Access(access, state.Address, number);
        ulong data = _bench.Memory.Word(memory + state.Target);
        return (outcome, _bench.Memory.At(memory + state.Offset, CompareLayout.StateBytes).ToArray(), data);
    }

    private void RunShadowed(TableState state, List<AccessCase> plan, List<(AccessOutcome Outcome, byte[] Tables, ulong Data)> expected)
    {
        _machine.Interrupt();
        _shadowed.LoadRoot(state.Cr3);
        for (int round = 0; round < plan.Count; round++)
        {
            ulong memory = HostLayout.ShadowedMemory(CompareLayout.MemoryBytes);
            (AccessOutcome outcome, byte[] tables, ulong data) = Do(_shadowed, state, plan[round], round, memory);
            Tally.Cases++;
            Tally.Faults += outcome.Faulted ? 1 : 0;
            Tally.Downgrades += plan[round].IsDowngrade ? 1 : 0;
            string? difference = outcome != expected[round].Outcome ? $"natively {expected[round].Outcome}, on shadow tables {outcome}"
                : data != expected[round].Data && !_dataDiffers
                ? $"natively the page holds 0x{expected[round].Data:x}, on shadow tables 0x{data:x}"
                : CompareTables(expected[round].Tables, tables);
            if (difference is not null)
            {
                // Later accesses would differ by what this one left.
                Report(state, plan, round, difference);
                return;
            }
        }
    }
}
