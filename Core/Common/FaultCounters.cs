// Common: a vCPU's faults, counted by what became of them.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mmu.Common;

/// <summary>Faults by outcome, as far as statistics tell them apart. Owner: the vCPU's thread.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct FaultCounters
{
    private ulong _all;
    private ulong _fixed;
    private ulong _spurious;
    private ulong _injected;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Count(FaultOutcome outcome)
    {
        _all++;
        switch (outcome)
        {
            case FaultOutcome.Fixed:
                _fixed++;
                break;
            case FaultOutcome.Spurious:
                _spurious++;
                break;
            case FaultOutcome.Inject:
                _injected++;
                break;
        }
    }

    internal void Add(in FaultCounters other)
    {
        _all += other._all;
        _fixed += other._fixed;
        _spurious += other._spurious;
        _injected += other._injected;
    }

    internal readonly void AddTo(ref MmuStatistics statistics)
    {
        statistics.Faults += _all;
        statistics.FaultsFixed += _fixed;
        statistics.FaultsSpurious += _spurious;
        statistics.FaultsInjected += _injected;
    }
}
