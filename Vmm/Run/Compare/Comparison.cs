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
internal sealed class Comparison : IDisposable
{
    private const int RoundsPerState = 6;
    private const int DifferencesShown = 10;
    private const ulong WriteProtect = 1 << 16;
    private const ulong Smep = 1 << 20;
    private const ulong Smap = 1 << 21;
    private const ulong Accessed = 0x20;

    private readonly Bench _bench;
    private readonly ShadowMachine _machine;
    private readonly ProbeRunner _native;
    private readonly ProbeRunner _shadowed;
    private readonly CaseRandom _random;
    private readonly TextWriter _output;
    private ProcessorState _state;
    private bool _dataDiffers;

    internal Comparison(Bench bench, int seed, TextWriter output)
    {
        _bench = bench;
        _output = output;
        _random = new CaseRandom(seed);
        foreach (ulong memory in (ReadOnlySpan<ulong>)[HostLayout.GuestMemory, HostLayout.ShadowedMemory(CompareLayout.MemoryBytes)])
        {
            FillMemory(memory);
        }

        _machine = new ShadowMachine(bench.Memory, bench.Processor, bench.Window, bench.Flush);
        _native = new ProbeRunner(bench, null);
        _shadowed = new ProbeRunner(bench, _machine);
    }

    /// <summary>Gets the counts.</summary>
    internal CompareTally Tally { get; } = new();

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
        all.Word(memory + CompareLayout.LinearTable3) = (HostLayout.GuestMemory + CompareLayout.LinearTable2) | 7;
        for (ulong offset = 0; offset < CompareLayout.MemoryBytes; offset += 0x20_0000)
        {
            ulong gpa = HostLayout.GuestMemory + offset;
            all.Word(memory + CompareLayout.LinearTable2 + ((gpa >> 21) * 8)) = gpa | 0x87;
        }

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
            states.Add(new TableState(_random, _bench.Processor.Features, i));
        }

        ChooseState();
        Place(states);
        var plans = new List<List<AccessCase>>();
        var results = new List<List<(AccessOutcome Outcome, byte[] Tables, ulong Data)>>();
        _bench.Processor.Start(_state, Window.Ports);
        foreach (TableState state in states)
        {
            _bench.Processor.LoadRoot(state.Cr3);
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
        for (int i = 0; i < states.Count; i++)
        {
            RunShadowed(states[i], plans[i], results[i]);
        }
    }

    // Control registers of a batch.
    private void ChooseState()
    {
        CpuFeatures features = _bench.Processor.Features;
        _state = new ProcessorState
        {
            Cr0 = ProcessorState.UsualCr0 & ~(_random.Next(4) == 0 ? WriteProtect : 0),
            Cr4 = 0x20 | (features.Smep && _random.Next(2) == 0 ? Smep : 0) | (features.Smap && _random.Next(2) == 0 ? Smap : 0),
            Descriptors = _bench.Window.Descriptors,
            Cr3 = HostLayout.GuestMemory + CompareLayout.States,
            User = true,
            Rip = Window.ProbeEndOf(user: true),
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
            state.Write(tables);
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
            return new AccessCase(0, 0, false, false, kind, user, alignment);
        }

        (bool downgrade, bool invalidates) = state.Change(
            _bench.Memory.At(HostLayout.GuestMemory + state.Offset, CompareLayout.StateBytes), out int level, out ulong value);
        return new AccessCase(level, value, downgrade, invalidates, kind, user, alignment);
    }

    private (AccessOutcome Outcome, byte[] Tables, ulong Data) Do(
        ProbeRunner runner, TableState state, in AccessCase access, int number, ulong memory)
    {
        if (access.Level != 0)
        {
            runner.Store(HostLayout.GuestMemory + state.Offset + (ulong)state.EntryOffset(access.Level), access.Value);
            if (access.Invalidates)
            {
                runner.Invalidate(state.Address);
            }
        }

        AccessOutcome outcome = runner.Access(access, state.Address, number);
        ulong data = _bench.Memory.Word(memory + state.Target);
        return (outcome, _bench.Memory.At(memory + state.Offset, CompareLayout.StateBytes).ToArray(), data);
    }

    private void RunShadowed(TableState state, List<AccessCase> plan, List<(AccessOutcome Outcome, byte[] Tables, ulong Data)> expected)
    {
        _machine.Interrupt();
        if (_machine.Vcpu.LoadCr3(state.Cr3) != ControlStateStatus.Legal)
        {
            throw new GuestException($"the Shadow MMU refuses CR3 0x{state.Cr3:x}");
        }

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

    private string? CompareTables(byte[] native, byte[] shadowed)
    {
        if (native.AsSpan().SequenceEqual(shadowed))
        {
            return null;
        }

        for (int offset = 0; offset < native.Length; offset += 8)
        {
            ulong there = BitConverter.ToUInt64(native, offset);
            ulong here = BitConverter.ToUInt64(shadowed, offset);
            if (offset == Window.RootIndex * 8)
            {
                // The window: shadowed, it is not in the guest's tables but in ours.
                continue;
            }

            if (here != there && here == (there & ~Accessed))
            {
                Tally.EarlyAccessedBits++;
            }
            else if (here != there)
            {
                string entry = $"the entry of level {4 - (offset >> 12)} at index {(offset >> 3) & 511}";
                return $"natively {entry} is 0x{there:x}, on shadow tables 0x{here:x}";
            }
        }

        return null;
    }

    private void Report(TableState state, List<AccessCase> plan, int round, string difference)
    {
        // States share pages: from now on what they hold says nothing.
        _dataDiffers = true;
        if (++Tally.Differences > DifferencesShown)
        {
            return;
        }

        _output.WriteLine($"DIFFERENCE: {difference}");
        string registers = $"CR0 0x{_state.Cr0:x}, CR3 0x{state.Cr3:x}, CR4 0x{_state.Cr4:x}";
        _output.WriteLine($"  {registers}, address 0x{state.Address:x}; the accesses up to it:");
        for (int i = 0; i <= round; i++)
        {
            _output.WriteLine($"  {i + 1}. {plan[i]}");
        }

        _output.WriteLine(_machine.Vcpu.Walker.Explain(new Gva(state.Address), plan[round].Access).ToString());
        Span<ulong> entries = stackalloc ulong[5];
        int count = _machine.Vcpu.GetWalk(new Gva(state.Address), entries);
        for (int i = 0; i < count; i++)
        {
            _output.WriteLine($"  shadow entry of level {count - i}: 0x{entries[i]:x}");
        }
    }
}
