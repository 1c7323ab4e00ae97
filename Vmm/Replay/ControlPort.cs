// Vmm: turns the control records of a trace into what a VMM calls for them.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Vm;
using Mmu.Vmm.Traces;

namespace Mmu.Vmm.Replay;

/// <summary>Control records say which state is in force, not which instruction made it so; that follows from what differs.</summary>
internal static class ControlPort
{
    private const ulong Paging = 1UL << 31;
    private const ulong GlobalPages = 1 << 7;
    private const ulong Pae = 1 << 5;
    private const ulong Pcids = 1 << 17;
    private const ulong LongMode = 1 << 10;
    private const ulong NoFlush = 1UL << 63;
    private const ulong AllPcidsAndGlobal = 2;
    private const ulong PcidMask = 0xFFF;

    /// <summary>True if paging is on.</summary>
    public static bool IsPaging(this in ControlState state) => (state.Cr0 & Paging) != 0;

    /// <summary>Puts state in force.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="state">The state.</param>
    /// <param name="flush">Kind of the flush record that follows; null if none does.</param>
    public static ControlStateStatus Apply(MmuVcpu vcpu, in ControlState state, byte? flush)
    {
        ControlState before = vcpu.Walker.ControlState;
        if (before.Cr0 != state.Cr0 || before.Cr4 != state.Cr4 || before.Efer != state.Efer)
        {
            return Set(vcpu, before, state, flush);
        }

        if (before.Pkru != state.Pkru)
        {
            vcpu.SetProtectionKeys(state.Pkru, 0);
            if (before.Cr3 == state.Cr3 && flush is null)
            {
                return ControlStateStatus.Legal;
            }
        }

        return LoadCr3(vcpu, state, flush);
    }

    /// <summary>Drops translations.</summary>
    public static void Flush(MmuVcpu vcpu, byte kind)
    {
        ControlState state = vcpu.Walker.ControlState;
        bool current = kind != TraceRecord.FlushAll;
        ulong pcid = HasPcids(state) ? state.Cr3 & PcidMask : 0;
        _ = current
            ? vcpu.InvalidatePcid(1, pcid, new Gva(0))
            : vcpu.InvalidatePcid(AllPcidsAndGlobal, 0, new Gva(0));
    }

    // A MOV to CR3, or a write of another register that changed nothing.
    private static ControlStateStatus LoadCr3(MmuVcpu vcpu, in ControlState state, byte? flush)
    {
        if (!HasPcids(state))
        {
            bool inPae = state.IsPaging() && (state.Cr4 & Pae) != 0 && (state.Efer & LongMode) == 0;
            bool loads = flush is not null || inPae || vcpu.Walker.ControlState.Cr3 != state.Cr3;
            return loads ? vcpu.LoadCr3(state.Cr3) : ControlStateStatus.Legal;
        }

        bool drops = flush is not (null or TraceRecord.FlushAll);
        ControlStateStatus status = vcpu.LoadCr3(drops ? state.Cr3 : state.Cr3 | NoFlush);
        if (status == ControlStateStatus.Legal && flush == TraceRecord.FlushAll)
        {
            Flush(vcpu, TraceRecord.FlushAll);
        }

        return status;
    }

    private static ControlStateStatus Set(MmuVcpu vcpu, in ControlState before, in ControlState state, byte? flush)
    {
        bool keeps = flush is null && HasPcids(state) && before.Cr3 != state.Cr3;
        ControlStateStatus status = vcpu.SetControlState(keeps ? state with { Cr3 = state.Cr3 | NoFlush } : state);
        if (status == ControlStateStatus.Legal && flush is { } kind && !DropsAll(before, state))
        {
            Flush(vcpu, kind);
        }

        return status;
    }

    // What the architecture drops without being told is left to the library.
    private static bool DropsAll(in ControlState before, in ControlState state) =>
        (before.IsPaging() && !state.IsPaging())
        || ((before.Cr4 ^ state.Cr4) & GlobalPages) != 0
        || (HasPcids(before) && !HasPcids(state));

    private static bool HasPcids(in ControlState state) => (state.Cr4 & Pcids) != 0;
}
