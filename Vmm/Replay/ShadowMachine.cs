// Vmm: replays a trace on the Shadow MMU, with a processor in software that walks its tables.
using System;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Vm;
using Mmu.Vmm.Traces;
using Mmu.Walk;

namespace Mmu.Vmm.Replay;

/// <summary>
/// The guest runs on the tables of <see cref="MmuVm"/>: each access walks them, each fault goes to <see cref="MmuVcpu.HandleFault"/> until the
/// access ends. A store of the guest goes the same way, so that it is seen only if our tables make it fault.
/// </summary>
internal sealed class ShadowMachine : IReplayMachine, IMmuHost
{
    private const int VcpuCount = 256;
    private const int Tries = 16;
    private const ulong FirstTableFrame = 0x1000;
    private const ulong FirstMemoryFrame = 0x10_0000;
    private const ulong AccessedBit = 0x20;
    private const ulong DirtyBit = 0x40;

    // A VMM may emulate a store to a table, or stop shadowing the table; both must be right.
    private const ulong UnprotectEvery = 8;

    private static readonly Access _anyStore = new(AccessKind.Write, AccessFlags.AlignmentCheck);

    private readonly MmuVm _vm;

    // By their numbers in the trace, and the processors by their numbers in the VM.
    private readonly MmuVcpu?[] _vcpus = new MmuVcpu?[VcpuCount];
    private readonly ShadowCpu?[] _cpus = new ShadowCpu?[VcpuCount];

    public ShadowMachine(TraceHeader header)
    {
        Ram = new GuestRam(header.MemoryBytes);
        var options = new MmuVmOptions
        {
            Features = header.Cpu,
            MaxVcpus = VcpuCount,
            HostPhysicalAddressBits = ShadowCpu.PhysicalAddressBits,
            FirstTableFrame = new Pfn(FirstTableFrame),
        };
        _vm = MmuVm.Create(options, this);
        _vm.AddSlot(new MemorySlot(new Gpa(0), Ram.Bytes, Ram.Address, new Pfn(FirstMemoryFrame), SlotFlags.None));
    }

    /// <inheritdoc/>
    public string Name => "shadow";

    /// <inheritdoc/>
    public GuestRam Ram { get; }

    /// <summary>Counts of what happened.</summary>
    public ShadowCounts Counts { get; } = new();

    /// <summary>Figures of the VM.</summary>
    public MmuStatistics Statistics => _vm.GetStatistics();

    /// <summary>Accesses and stores that processors' TLBs served.</summary>
    public ulong TlbHits => _cpus.Aggregate(0UL, (sum, cpu) => sum + (cpu?.TlbHits ?? 0));

    /// <summary>Checks the invariants of all tables; null if they hold.</summary>
    public string? Audit() => _vm.Audit();

    /// <inheritdoc/>
    public ControlStateStatus Control(int vcpu, in ControlState state, byte? flush) =>
        ControlPort.Apply(_vcpus[vcpu] ??= CreateVcpu(), state, flush);

    /// <inheritdoc/>
    public void Flush(int vcpu, byte kind) => ControlPort.Flush(_vcpus[vcpu]!, kind);

    /// <inheritdoc/>
    public void InvalidatePage(int vcpu, Gva gva) => _vcpus[vcpu]!.InvalidatePage(gva);

    /// <inheritdoc/>
    public bool InvalidatePcid(int vcpu, in TraceRecord record) =>
        _vcpus[vcpu]!.InvalidatePcid(record.Selector, record.Pcid, new Gva(record.Gva)) == InvalidateStatus.Done;

    /// <inheritdoc/>
    public Answer Access(int vcpu, in TraceRecord record)
    {
        MmuVcpu runner = _vcpus[vcpu]!;
        Access access = record.Access;
        ControlState state = runner.Walker.ControlState;
        for (int i = 0; i < Tries; i++)
        {
            if (TryRun(runner, state, record.Gva, access, out PageFaultCode code, out ulong gpa, out Answer answer))
            {
                if (i == 0)
                {
                    Counts.AccessHits++;
                    Counts.Late.Served(runner.Walker, record);
                }

                return answer.Problem is null ? Answer.Of(gpa) : answer;
            }

            FaultOutcome outcome = runner.HandleFault(new FaultRequest(new Gva(record.Gva), access, code), out FaultResult result);
            Counts.Accesses[(int)outcome]++;
            switch (outcome)
            {
                case FaultOutcome.Fixed or FaultOutcome.Spurious or FaultOutcome.Retry:
                    break;
                case FaultOutcome.Inject:
                    return Injected(result.Walk);
                case FaultOutcome.Mmio or FaultOutcome.Emulate or FaultOutcome.WriteProtected:
                    return Answer.Of(result.Gpa.Value);
                default:
                    return Answer.None($"the fault ended as {outcome}");
            }
        }

        return Answer.None($"the access still faults after {Tries} faults that the Shadow MMU says are handled");
    }

    /// <inheritdoc/>
    public string? Store(int vcpu, in TraceRecord record)
    {
        MmuVcpu runner = _vcpus[vcpu]!;
        ControlState state = runner.Walker.ControlState;
        ulong page = record.Gpa >> 12;
        for (int i = 0; i < Tries; i++)
        {
            if (TryRun(runner, state, record.Gva, _anyStore, out PageFaultCode code, out ulong gpa, out Answer answer))
            {
                if (answer.Problem is not null)
                {
                    return answer.Problem;
                }

                if (gpa >> 12 != page)
                {
                    break;
                }

                Counts.PlainStores++;
                Ram.Store(record.Gpa, record.Selector, record.Value);
                return null;
            }

            // The guest's CPU had this translation in its TLB, ours does not have it: it is no more in the tables, or its walk would leave
            // traces that the recorded one did not.
            if (!runner.Walker.Peek(new Gva(record.Gva), _anyStore, out WalkResult walk)
                || walk.Gpa.Value >> 12 != page
                || (state.IsPaging() && (walk.Entry & (AccessedBit | DirtyBit)) != (AccessedBit | DirtyBit)))
            {
                break;
            }

            FaultOutcome outcome = runner.HandleFault(new FaultRequest(new Gva(record.Gva), _anyStore, code), out FaultResult result);
            Counts.Stores[(int)outcome]++;
            switch (outcome)
            {
                case FaultOutcome.Fixed or FaultOutcome.Spurious or FaultOutcome.Retry:
                    break;
                case FaultOutcome.WriteProtected when !result.HitsOwnTables
                        && Counts.Stores[(int)outcome] % UnprotectEvery == 0
                        && runner.Unprotect(new Gva(record.Gva), result.Gpa, 0):
                    Counts.Unprotected++;
                    break;
                case FaultOutcome.WriteProtected or FaultOutcome.Emulate:
                    Announce(record);
                    return null;
                default:
                    return $"the store's fault ended as {outcome}";
            }
        }

        Counts.CachedStores++;
        Announce(record);
        return null;
    }

    /// <inheritdoc/>
    public void HostStore(in TraceRecord record) => Announce(record);

    /// <inheritdoc/>
    public string Describe(int vcpu, in TraceRecord record)
    {
        Span<ulong> entries = stackalloc ulong[5];
        int count = _vcpus[vcpu]!.GetWalk(new Gva(record.Gva), entries);
        return DescribeText.Of(_vcpus[vcpu]!.Walker.Explain(new Gva(record.Gva), record.Access), entries[..count]);
    }

    /// <inheritdoc/>
    public bool Flush(ReadOnlySpan<int> vcpus, FlushRange range)
    {
        Counts.Flushes++;
        foreach (int vcpu in vcpus)
        {
            _cpus[vcpu]!.Flush(range);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Kick(ReadOnlySpan<int> vcpus)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _vm.Dispose();
        Ram.Dispose();
    }

    private MmuVcpu CreateVcpu()
    {
        MmuVcpu vcpu = _vm.CreateVcpu();
        _cpus[vcpu.Id] = new ShadowCpu(_vm.TableMemory, new Pfn(FirstMemoryFrame), Ram.Bytes);
        return vcpu;
    }

    private static Answer Injected(in WalkResult walk) =>
        walk.Outcome == WalkOutcome.PageFault ? Answer.Fault((uint)walk.ErrorCode) : Answer.None(walk.ToString());

    // True if the access is over: it reached memory, or something is wrong.
    private bool TryRun(MmuVcpu runner, in ControlState state, ulong gva, Access access, out PageFaultCode code, out ulong gpa, out Answer answer)
    {
        answer = default;
        RootStatus status = runner.BeginRun(out RunState root);
        if (status != RootStatus.Loaded)
        {
            (code, gpa) = (PageFaultCode.None, 0);
            answer = Answer.None($"the vCPU cannot enter: {status}");
            return true;
        }

        CpuOutcome outcome = _cpus[runner.Id]!.Translate(root, state, gva, access, out code, out gpa);
        runner.EndRun();
        if (outcome == CpuOutcome.OutsideMemory)
        {
            answer = Answer.None("an entry of the shadow tables names neither a table nor guest memory");
        }

        return outcome != CpuOutcome.Fault;
    }

    private void Announce(in TraceRecord record)
    {
        Ram.Store(record.Gpa, record.Selector, record.Value);
        _vm.GuestWrote(new Gpa(record.Gpa), record.Selector);
    }
}
