// Vmm.Run: a processor that runs a guest: the model, the real one behind /dev/kvm, or QEMU.
using System;
using System.Collections.Generic;
using Mmu.Architecture;

namespace Mmu.Vmm.Run.Processors;

/// <summary>A processor with the physical memory of <see cref="HostMemory"/>.</summary>
internal interface IProcessor : IDisposable
{
    /// <summary>Gets what it is, for people.</summary>
    string Name { get; }

    /// <summary>Gets what it can do, and so what its guests' CPU can.</summary>
    CpuFeatures Features { get; }

    /// <summary>Gets whether it reports reserved bits without the P flag in the error code, against the manuals.</summary>
    bool OmitsPresentOnReserved { get; }

    /// <summary>Gets its general registers: those of the moment it stopped, and those it goes on with.</summary>
    CpuRegisters Registers { get; }

    /// <summary>Gets CR2.</summary>
    ulong Cr2 { get; }

    /// <summary>Sets all of its state but the general registers other than RSP.</summary>
    /// <param name="state">The state.</param>
    /// <param name="ports">Addresses of the OUT instructions that it must stop at.</param>
    void Start(in ProcessorState state, IReadOnlyList<ulong> ports);

    /// <summary>Goes on in another place and ring, with the control registers as they are.</summary>
    void Jump(Ring ring, ulong rip, ulong rsp, ulong flags);

    /// <summary>Runs until something happens.</summary>
    /// <param name="budget">For how long at most.</param>
    RunEvent Run(TimeSpan budget);

    /// <summary>Loads CR3 without PCIDs: what the TLB holds of the old tables is gone.</summary>
    void LoadRoot(ulong root);

    /// <summary>Writes CR0 and CR4, as MOV does; the bits that select the paging mode stay.</summary>
    void LoadControl(ulong cr0, ulong cr4);

    /// <summary>Gets the ways to flush, cheapest first; the last is the surest.</summary>
    IReadOnlyList<FlushMethod> FlushMethods { get; }

    /// <summary>Makes it see stores that were made to tables from outside, in <paramref name="region"/>.</summary>
    void Flush(FlushRegion region, FlushMethod method);
}
