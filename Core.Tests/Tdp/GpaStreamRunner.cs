// TDP judge: executes a stream of commands on the library and on the model, and compares after each.
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Tests.Conformance;
using Mmu.Tests.Judge;

namespace Mmu.Tests.Tdp;

internal sealed class GpaStreamRunner : IStreamRunner<GpaStreamCommand>
{
#if DEBUG
    private const int AuditEvery = 16;
#else
    private const int AuditEvery = 1;
#endif
    private const int Samples = 4;
    private const ulong PrefaultPages = 6;

    private readonly GpaVm _vm;
    private readonly GpaJudge _judge;
    private readonly GpaAccesses _accesses;
    private readonly GpaHostCommands _host;
    private readonly SeededRandom _samples;
    private int _steps;

    internal GpaStreamRunner(GpaStreamOptions options)
    {
        _vm = new GpaVm(options);
        _vm.AddSlots();
        _judge = new GpaJudge(_vm);
        _accesses = new GpaAccesses(_vm, _judge);
        _host = new GpaHostCommands(_vm, _judge);
        _samples = new SeededRandom(options.Seed + 2);
    }

    /// <inheritdoc/>
    public int Allocations => _vm.Faults?.Attempts ?? 0;

    /// <summary>Runs a stream; what went wrong, or null.</summary>
    internal static string? Run(GpaStreamOptions options, GpaStreamCommand[] stream, GpaStreamTotals totals) =>
        StreamDriver.Run(() => new GpaStreamRunner(options), stream, (runner, steps) => totals.Add(runner._vm, steps));

    /// <inheritdoc/>
    public string? Step(GpaStreamCommand command)
    {
        SeededRandom random = new(command.Seed + 1UL);
        GpaVcpu vcpu = _vm.Vcpus[command.Vcpu % _vm.Vcpus.Count];
        switch (command.Kind)
        {
            case GpaStreamKind.Access:
                Access(vcpu, random);
                break;
            case GpaStreamKind.LeaveGuest:
                vcpu.Leave();
                break;
            case GpaStreamKind.ToggleSmm:
                vcpu.Leave();
                vcpu.Vcpu.SetSystemManagement(!vcpu.Vcpu.InSystemManagement);
                break;
            case GpaStreamKind.Prefault:
                Prefault(vcpu, random);
                break;
            default:
                _host.Execute(command.Kind, random);
                break;
        }

        Sample();
        _steps++;
        return _steps % AuditEvery == 0 ? _vm.Audit() : null;
    }

    public void Dispose() => _vm.Dispose();

    private void Access(GpaVcpu vcpu, SeededRandom random)
    {
        ulong gpa = _accesses.Pick(random);
        GpaSlot? slot = _vm.World.Find(vcpu.AddressSpace, gpa >> 12);
        bool isPrivate = (slot?.IsPrivate(gpa >> 12) ?? false) != (random.Next(24) == 0);
        FaultOutcome outcome = _accesses.Run(vcpu, gpa, GpaAccesses.PickAccess(random), isPrivate);
        if (outcome == FaultOutcome.NotYet && random.Next(2) == 0)
        {
            // There it is: nothing has to be unmapped for that.
            slot!.AnswerOf(gpa >> 12) = ResolvedKind.Present;
        }

        if (outcome == FaultOutcome.None && !vcpu.Cpu.WasCached && !vcpu.IsKicked && random.Next(4) == 0)
        {
            int addressSpace = vcpu.AddressSpace;
            _vm.AsHost(vm =>
            {
                if (!vm.TestAge(new Gpa(gpa & ~0xFFFUL), 4096, addressSpace))
                {
                    throw new JudgeException($"The page at {gpa:x} was just accessed, and is not young.");
                }
            });
        }
    }

    private void Prefault(GpaVcpu vcpu, SeededRandom random)
    {
        ulong first = _accesses.Pick(random) >> 12;
        vcpu.Leave();
        FaultOutcome outcome = vcpu.Vcpu.Prefault(new Gpa(first << 12), PrefaultPages << 12, out ulong done);
        if (outcome is FaultOutcome.Retry or FaultOutcome.OutOfPages || !_vm.Enter(vcpu))
        {
            return;
        }

        for (ulong gfn = first; gfn < first + (done >> 12); gfn++)
        {
            _accesses.Mapped(vcpu, gfn << 12, writes: true);

            // Where room is short, a later page may have cost an earlier one.
            if (!_vm.MayRunOut && !_judge.HasLeaf(vcpu.Cpu.Root, gfn << 12))
            {
                throw new JudgeException($"Frame {gfn:x} was mapped ahead, and is not there.");
            }
        }

        FaultOutcome expected = done < PrefaultPages << 12
            ? _vm.World.Expect(vcpu.AddressSpace, first + (done >> 12), GpaAccess.Read, _vm.Options.Format, isPrivate: false)
            : FaultOutcome.Fixed;
        if (outcome != expected)
        {
            throw new JudgeException($"Mapping ahead from {first:x} on ended in {outcome} after {done:x} bytes, not in {expected}.");
        }
    }

    // What the processors could reach right now.
    private void Sample()
    {
        foreach (GpaVcpu vcpu in _vm.Vcpus)
        {
            for (int i = 0; i < Samples && vcpu.IsInGuest; i++)
            {
                ulong gpa = _accesses.Pick(_samples);
                GpaAccess access = GpaAccesses.PickAccess(_samples);
                GpaOutcome outcome = vcpu.Cpu.Peek(gpa, access, useTlb: _samples.Next(2) == 0);
                if (outcome.Passes)
                {
                    _judge.Reached(vcpu.AddressSpace, gpa, access, outcome.Page);
                }

                _judge.Entry(vcpu, gpa);
            }
        }
    }
}
