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
    private ulong _emulated;
    private ulong _fast;

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
            case FaultOutcome.Emulate or FaultOutcome.Mmio or FaultOutcome.WriteProtected:
                _emulated++;
                break;
        }
    }

    /// <summary>Counts a fault that was answered without the lock, besides <see cref="Count"/>.</summary>
    internal void CountFast(FaultOutcome outcome) => _fast += outcome == FaultOutcome.Fixed ? 1UL : 0;

    internal void Add(in FaultCounters other)
    {
        _all += other._all;
        _fixed += other._fixed;
        _spurious += other._spurious;
        _injected += other._injected;
        _emulated += other._emulated;
        _fast += other._fast;
    }

    internal readonly void AddTo(ref MmuStatistics statistics)
    {
        statistics.Faults += _all;
        statistics.FaultsFixed += _fixed;
        statistics.FaultsSpurious += _spurious;
        statistics.FaultsInjected += _injected;
        statistics.FaultsEmulated += _emulated;
        statistics.FaultsFast += _fast;
    }
}
