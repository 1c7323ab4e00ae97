// Vmm: replays a trace on guest walkers alone.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Vmm.Traces;
using Mmu.Walk;

namespace Mmu.Vmm.Replay;

/// <summary>Walks the guest's own tables for every access. Nothing is cached, so flushes are nothing.</summary>
internal sealed class WalkerMachine : IReplayMachine
{
    private readonly GuestMemory _memory = new();
    private readonly CpuFeatures _features;
    private readonly GuestWalker?[] _walkers = new GuestWalker?[256];

    public WalkerMachine(TraceHeader header)
    {
        _features = header.Cpu;
        Ram = new GuestRam(header.MemoryBytes);
        _memory.AddSlot(new MemorySlot(new Gpa(0), Ram.Bytes, Ram.Address));
    }

    /// <inheritdoc/>
    public string Name => "walker";

    /// <inheritdoc/>
    public GuestRam Ram { get; }

    /// <inheritdoc/>
    public ControlStateStatus Control(int vcpu, in ControlState state, byte? flush)
    {
        GuestWalker walker = _walkers[vcpu] ??= new GuestWalker(_memory, _features);
        ControlState before = walker.ControlState;
        if (before with { Pkru = state.Pkru } == state)
        {
            walker.SetProtectionKeys(state.Pkru, 0);
            if (before.Pkru != state.Pkru)
            {
                return ControlStateStatus.Legal;
            }
        }

        return walker.SetControlState(state);
    }

    /// <inheritdoc/>
    public void Flush(int vcpu, byte kind)
    {
    }

    /// <inheritdoc/>
    public void InvalidatePage(int vcpu, Gva gva)
    {
    }

    /// <inheritdoc/>
    public bool InvalidatePcid(int vcpu, in TraceRecord record) => true;

    /// <inheritdoc/>
    public Answer Access(int vcpu, in TraceRecord record) =>
        _walkers[vcpu]!.Translate(new Gva(record.Gva), record.Access, out WalkResult walk) ? Answer.Of(walk.Gpa.Value, walk.PageShift)
        : walk.Outcome == WalkOutcome.PageFault ? Answer.Fault((uint)walk.ErrorCode)
        : Answer.None(walk.ToString());

    /// <inheritdoc/>
    public string? Store(int vcpu, in TraceRecord record)
    {
        Ram.Store(record.Gpa, record.Selector, record.Value);
        return null;
    }

    /// <inheritdoc/>
    public void HostStore(in TraceRecord record) => Ram.Store(record.Gpa, record.Selector, record.Value);

    /// <inheritdoc/>
    public string Describe(int vcpu, in TraceRecord record) =>
        _walkers[vcpu]!.Explain(new Gva(record.Gva), record.Access).ToString();

    /// <inheritdoc/>
    public void Dispose() => Ram.Dispose();
}
