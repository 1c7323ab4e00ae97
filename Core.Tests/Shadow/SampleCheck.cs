// Shadow judge: looks at what the processors could reach right now, at addresses of its own choice, without disturbing anything.
using Mmu.Tests.Conformance;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

internal sealed class SampleCheck(StreamVm vm, SeededRandom random)
{
    private const int Samples = 3;

    internal void Run()
    {
        foreach (ModelVcpu vcpu in vm.Vcpus)
        {
            for (int i = 0; i < Samples && vcpu.IsInGuest; i++)
            {
                ulong linear = vm.PickLinear(vcpu, random);
                OracleAccess access = AccessMaker.Make(random);
                HardwareOutcome outcome = vcpu.Cpu.Peek(linear, access, useTlb: random.Next(2) == 0);
                if (outcome.Faults)
                {
                    continue;
                }

                ulong physical = outcome.Page.PhysicalOf(linear);
                if (vm.IsTainted)
                {
                    vm.Judge.JudgeMemory(physical, access);
                }
                else
                {
                    _ = vm.Judge.JudgeReached(vcpu.Flat, linear, access, physical);
                }

                vm.Accesses++;
            }
        }
    }
}
