// Shadow judge: one vCPU three times over: the library's, the real processor that runs it, and what its guest may observe.
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;
using Mmu.Vm;

namespace Mmu.Tests.Shadow;

internal sealed class ModelVcpu(MmuVcpu vcpu, ModelCpu cpu, FlatVcpu flat) : IJudgedVcpu
{
    internal MmuVcpu Vcpu => vcpu;

    internal ModelCpu Cpu => cpu;

    internal FlatVcpu Flat => flat;

    /// <summary>The guest's registers as they were set last.</summary>
    internal ControlState State { get; set; }

    /// <summary>Registers that leaving system-management mode puts back.</summary>
    internal ControlState Saved { get; set; }

    /// <summary>Addresses that the guest comes back to.</summary>
    internal LinearPool Linears { get; } = new();

    public bool IsInGuest { get; private set; }

    /// <summary>The library asked it to leave the guest.</summary>
    public bool IsKicked { get; set; }

    /// <summary>Enters the guest, unless it is there; false if there is no root.</summary>
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
            IsInGuest = true;
            LoadRegisters();
            cpu.LoadRoot(run.RootAddress, run.Levels switch { 3 => OracleMode.Pae, 4 => OracleMode.Level4, _ => OracleMode.Level5 });
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

    // Without paging the guest has neither SMEP nor SMAP, but the processor has paging on.
    private void LoadRegisters()
    {
        bool paging = flat.Cpu.Mode() != OracleMode.Off;
        HardwareRegisters registers = cpu.Registers;
        registers.Smep = paging && Bits.Has(flat.Cpu.Cr4, 20);
        registers.Smap = paging && Bits.Has(flat.Cpu.Cr4, 21);
        registers.Pke = paging && Bits.Has(flat.Cpu.Cr4, 22);
        registers.Pks = paging && Bits.Has(flat.Cpu.Cr4, 24);
        registers.Pkru = flat.Cpu.Pkru;
        registers.Pkrs = flat.Cpu.Pkrs;
    }
}
