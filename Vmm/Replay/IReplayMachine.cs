// Vmm: what a trace drives.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Vmm.Traces;

namespace Mmu.Vmm.Replay;

/// <summary>A machine that does what the records of a trace say, with a guest memory of its own.</summary>
internal interface IReplayMachine : IDisposable
{
    /// <summary>What the machine is called in reports.</summary>
    string Name { get; }

    /// <summary>Its guest memory.</summary>
    GuestRam Ram { get; }

    /// <summary>Puts control state in force.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="state">The state.</param>
    /// <param name="flush">Kind of the flush that came with it; null if none did.</param>
    /// <returns>Whether it is legal.</returns>
    ControlStateStatus Control(int vcpu, in ControlState state, byte? flush);

    /// <summary>Drops translations that no change of control state dropped.</summary>
    void Flush(int vcpu, byte kind);

    /// <summary>An INVLPG.</summary>
    void InvalidatePage(int vcpu, Gva gva);

    /// <summary>An INVPCID; false if it is #GP.</summary>
    bool InvalidatePcid(int vcpu, in TraceRecord record);

    /// <summary>Makes an access, accessed and dirty bits included.</summary>
    Answer Access(int vcpu, in TraceRecord record);

    /// <summary>Makes a store of the guest; null, or why it came to nothing.</summary>
    string? Store(int vcpu, in TraceRecord record);

    /// <summary>Makes a store that no CPU of the guest made.</summary>
    void HostStore(in TraceRecord record);

    /// <summary>What a user must know about an access that ended wrongly, on several lines.</summary>
    string Describe(int vcpu, in TraceRecord record);
}
