// TDP judge: one vCPU twice over: the library's, and the real processor that runs it.
using Mmu.Common;
using Mmu.Tests.Judge;
using Mmu.Vm;

namespace Mmu.Tests.Tdp;

internal sealed class GpaVcpu(MmuVcpu vcpu, GpaCpu cpu) : IJudgedVcpu
{
    private volatile bool _isKicked;

    internal MmuVcpu Vcpu => vcpu;

    internal GpaCpu Cpu => cpu;

    internal int AddressSpace => vcpu.InSystemManagement ? 1 : 0;

    public bool IsInGuest { get; private set; }

    /// <summary>The library asked it to leave the guest.</summary>
    public bool IsKicked
    {
        get => _isKicked;
        set => _isKicked = value;
    }

    /// <summary>Enters the guest, unless it is there.</summary>
    public RootStatus Enter()
    {
        if (IsKicked)
        {
            Leave();
        }

        if (IsInGuest)
        {
            return RootStatus.Loaded;
        }

        RootStatus status = vcpu.BeginRun(out RunState run);
        if (status == RootStatus.Loaded)
        {
            if (run.Levels != cpu.Walker.Levels || run.Kind != RootKind.Nested)
            {
                throw new JudgeException($"The vCPU is to run on {run}.");
            }

            IsInGuest = true;
            cpu.LoadRoot(run.RootAddress);
        }

        return status;
    }

    public void Leave()
    {
        IsKicked = false;
        if (IsInGuest)
        {
            IsInGuest = false;
            cpu.LeaveGuest();
            vcpu.EndRun();
        }
    }
}
