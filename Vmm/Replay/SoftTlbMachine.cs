// Vmm: replays a trace on the software TLB of a vCPU, as an interpreter or a JIT uses it.
using System;
using System.Buffers.Binary;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Vm;
using Mmu.Vmm.Traces;
using Mmu.Walk;

namespace Mmu.Vmm.Replay;

/// <summary>
/// Each access asks <see cref="MmuVcpu.SoftTlb"/> first: a hit must be the recorded translation, a miss is resolved and kept. Stores of the
/// guest go the same way; those to frames that somebody watches are announced.
/// </summary>
internal sealed class SoftTlbMachine : IReplayMachine, IMmuHost
{
    private const int VcpuCount = 256;
    private const int Tries = 16;
    private const ulong Marks = 0x60;

    // The privilege of a store is not recorded; this is allowed wherever the guest's was, but for protection keys and CR0.WP.
    private static readonly Access _anyStore = new(AccessKind.Write, AccessFlags.AlignmentCheck);

    private readonly MmuVm _vm;
    private readonly MmuVcpu?[] _vcpus = new MmuVcpu?[VcpuCount];

    public SoftTlbMachine(TraceHeader header)
    {
        Ram = new GuestRam(header.MemoryBytes);
        _vm = MmuVm.Create(new MmuVmOptions { Features = header.Cpu, MaxVcpus = VcpuCount }, this);
        _vm.AddSlot(new MemorySlot(new Gpa(0), Ram.Bytes, Ram.Address));
    }

    /// <inheritdoc/>
    public string Name => "soft TLB";

    /// <inheritdoc/>
    public GuestRam Ram { get; }

    /// <summary>Counts of what happened.</summary>
    public SoftTlbCounts Counts { get; } = new();

    /// <inheritdoc/>
    public ControlStateStatus Control(int vcpu, in ControlState state, byte? flush) =>
        ControlPort.Apply(_vcpus[vcpu] ??= _vm.CreateVcpu(), state, flush);

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
        for (int i = 0; i < Tries; i++)
        {
            if (Look(runner, new Gva(record.Gva), record.Access, out ulong gpa, out SoftTlbOutcome outcome, out WalkResult walk) is { } problem)
            {
                return Answer.None(problem);
            }

            if (outcome == SoftTlbOutcome.None)
            {
                Counts.AccessHits++;
                Counts.Late.Served(runner.Walker, record);
                return Answer.Of(gpa);
            }

            Counts.Accesses[(int)outcome]++;
            if (outcome == SoftTlbOutcome.Fault)
            {
                return walk.Outcome == WalkOutcome.PageFault ? Answer.Fault((uint)walk.ErrorCode) : Answer.None(walk.ToString());
            }

            if (outcome != SoftTlbOutcome.Retry)
            {
                return Answer.Of(walk.Gpa.Value, walk.PageShift);
            }
        }

        return Answer.None($"the access is to be made again after {Tries} tries");
    }

    /// <inheritdoc/>
    public string? Store(int vcpu, in TraceRecord record)
    {
        MmuVcpu runner = _vcpus[vcpu]!;
        if (!MayLook(runner, record))
        {
            Counts.CachedStores++;
            Announce(record);
            return null;
        }

        if (Look(runner, new Gva(record.Gva), _anyStore, out ulong gpa, out SoftTlbOutcome outcome, out _) is { } problem)
        {
            return problem;
        }

        Counts.StoreHits += outcome == SoftTlbOutcome.None ? 1u : 0;
        Counts.Stores[(int)outcome] += outcome != SoftTlbOutcome.None ? 1u : 0;
        switch (outcome)
        {
            case SoftTlbOutcome.None or SoftTlbOutcome.Memory when gpa == record.Gpa:
                Ram.Store(record.Gpa, record.Selector, record.Value);
                return null;
            case SoftTlbOutcome.None or SoftTlbOutcome.Memory:
                return $"it went to 0x{gpa:x}";
            case SoftTlbOutcome.Announce:
                Announce(record);
                return null;
            default:
                return $"it was resolved as {outcome}";
        }
    }

    /// <inheritdoc/>
    public void HostStore(in TraceRecord record) => Announce(record);

    /// <inheritdoc/>
    public string Describe(int vcpu, in TraceRecord record) =>
        _vcpus[vcpu]!.Walker.Explain(new Gva(record.Gva), record.Access).ToString();

    /// <inheritdoc/>
    public bool Flush(ReadOnlySpan<int> vcpus, FlushRange range) => true;

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

    // A hit has outcome None. What a pointer names is found before the vCPU leaves the guest: until then it is good.
    private string? Look(MmuVcpu runner, Gva gva, Access access, out ulong gpa, out SoftTlbOutcome outcome, out WalkResult walk)
    {
        SoftTlb tlb = runner.SoftTlb;
        (gpa, outcome, walk) = (0, SoftTlbOutcome.None, default);
        RootStatus status = runner.BeginRun(out _);
        if (status != RootStatus.Loaded)
        {
            return $"the vCPU cannot enter: {status}";
        }

        if (!tlb.TryGet(gva, access, out nuint host))
        {
            outcome = tlb.Resolve(gva, access, out walk);
            host = outcome == SoftTlbOutcome.Memory ? walk.HostAddress : Ram.Address;
        }

        runner.EndRun();
        gpa = host - Ram.Address;
        return gpa < Ram.Bytes ? null : $"the TLB gave a pointer outside guest memory: 0x{host:x}";
    }

    // A store that the tables do not allow, or whose walk would leave marks that the recorded one did not, was made through a translation that
    // only the recorded TLB still had: looking it up here would change memory.
    private static bool MayLook(MmuVcpu runner, in TraceRecord record) =>
        runner.Walker.Peek(new Gva(record.Gva), _anyStore, out WalkResult walk)
        && walk.Gpa.Value == record.Gpa
        && (!runner.Walker.ControlState.IsPaging() || (walk.Entry & Marks) == Marks);

    private void Announce(in TraceRecord record)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, record.Value);
        _ = _vm.TryWrite(new Gpa(record.Gpa), bytes[..record.Selector]);
    }
}
