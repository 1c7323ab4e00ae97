// Tests of the monitor: a processor that does not flush when it is told to, or does not stop when the guest tells it something.
using System;
using System.Collections.Generic;
using Mmu.Architecture;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Tests.Vmm;

/// <summary>A processor that can be made to ignore flushes of our tables, reloads of the root it runs on, and a guest's OUTs to one port.</summary>
internal sealed class ForgetfulProcessor : IProcessor
{
    private readonly IProcessor _inner;
    private ulong _root;

    internal ForgetfulProcessor(IProcessor inner) => _inner = inner;

    public string Name => "forgetful";

    public CpuFeatures Features => _inner.Features;

    public bool OmitsPresentOnReserved => _inner.OmitsPresentOnReserved;

    public CpuRegisters Registers => _inner.Registers;

    public ulong Cr2 => _inner.Cr2;

    public IReadOnlyList<FlushMethod> FlushMethods => _inner.FlushMethods;

    internal bool Forgets { get; set; }

    /// <summary>Gets the port that nobody hears.</summary>
    internal int? Unheard { get; init; }

    public void Start(in ProcessorState state, IReadOnlyList<ulong> ports) => _inner.Start(state, ports);

    public void Jump(Ring ring, ulong rip, ulong rsp, ulong flags) => _inner.Jump(ring, rip, rsp, flags);

    public RunEvent Run(TimeSpan budget)
    {
        RunEvent found;
        do
        {
            found = _inner.Run(budget);
        }
        while (found.Kind == RunEventKind.Port && found.Port == Unheard);
        return found;
    }

    public void LoadRoot(ulong root)
    {
        if (!Forgets || root != _root)
        {
            _inner.LoadRoot(root);
        }

        _root = root;
    }

    public void LoadControl(ulong cr0, ulong cr4) => _inner.LoadControl(cr0, cr4);

    public void Flush(FlushRegion region, FlushMethod method)
    {
        if (!Forgets)
        {
            _inner.Flush(region, method);
        }
    }

    public void Dispose() => _inner.Dispose();
}
