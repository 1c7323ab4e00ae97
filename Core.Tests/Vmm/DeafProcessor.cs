// Tests of the monitor: a processor that does not stop for one of a guest's announcements.
using System;
using System.Collections.Generic;
using Mmu.Architecture;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Tests.Vmm;

/// <summary>A processor whose OUTs to one port nobody hears.</summary>
internal sealed class DeafProcessor : IProcessor
{
    private readonly IProcessor _inner;
    private readonly int _unheard;

    internal DeafProcessor(IProcessor inner, int unheard)
    {
        _inner = inner;
        _unheard = unheard;
    }

    public string Name => "deaf";

    public CpuFeatures Features => _inner.Features;

    public bool OmitsPresentOnReserved => _inner.OmitsPresentOnReserved;

    public CpuRegisters Registers => _inner.Registers;

    public ulong Cr2 => _inner.Cr2;

    public IReadOnlyList<FlushMethod> FlushMethods => _inner.FlushMethods;

    public void Start(in ProcessorState state, IReadOnlyList<ulong> ports) => _inner.Start(state, ports);

    public void Jump(Ring ring, ulong rip, ulong rsp, ulong flags) => _inner.Jump(ring, rip, rsp, flags);

    public RunEvent Run(TimeSpan budget)
    {
        RunEvent found;
        do
        {
            found = _inner.Run(budget);
        }
        while (found.Kind == RunEventKind.Port && found.Port == _unheard);
        return found;
    }

    public void LoadRoot(ulong root) => _inner.LoadRoot(root);

    public void LoadControl(ulong cr0, ulong cr4) => _inner.LoadControl(cr0, cr4);

    public void Flush(FlushRegion region, FlushMethod method) => _inner.Flush(region, method);

    // The bench owns the processor inside.
    public void Dispose()
    {
    }
}
