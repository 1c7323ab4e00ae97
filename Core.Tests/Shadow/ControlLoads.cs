// Shadow judge: loads control registers on both sides, and compares what is refused.
using System.Globalization;
using Mmu.Architecture;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

internal static class ControlLoads
{
    /// <summary>Puts a whole state in force.</summary>
    internal static void Set(StreamVm vm, ModelVcpu vcpu, ControlState state)
    {
        vcpu.Leave();
        ControlStateStatus status = vcpu.Vcpu.SetControlState(state);
        bool cr3Differs = ((state.Cr3 ^ vcpu.State.Cr3) & ~StateMaker.KeepTranslations) != 0;
        Finish(vm, vcpu, state, status, cr3Differs);
    }

    /// <summary>A MOV to CR3.</summary>
    internal static void MoveCr3(StreamVm vm, ModelVcpu vcpu, ulong value)
    {
        vcpu.Leave();
        Finish(vm, vcpu, vcpu.State with { Cr3 = value }, vcpu.Vcpu.LoadCr3(value), reloadsCr3: true);
    }

    private static void Finish(StreamVm vm, ModelVcpu vcpu, ControlState state, ControlStateStatus status, bool reloadsCr3)
    {
        OracleCpu next = StateMaker.ToOracle(state, vm.Options.Features);
        bool legal = true;
        if (next.Mode() == OracleMode.Pae)
        {
            OracleResult load = SdmWalker.LoadPdptes(next, null, new CurrentMemory(vm.World, vcpu.Flat.AddressSpace), next.Pdpte, update: false);
            legal = load.Outcome != OracleOutcome.InvalidPdpte;
        }

        if (legal != (status == ControlStateStatus.Legal))
        {
            throw new JudgeException(string.Create(CultureInfo.InvariantCulture, $"{state} was answered {status}."));
        }

        if (legal)
        {
            vcpu.Flat.Load(next, (state.Cr3 & StateMaker.KeepTranslations) != 0, reloadsCr3, vm.World.Now);
            vcpu.State = state with { Cr3 = state.Cr3 & ~StateMaker.KeepTranslations };
        }
    }
}
