// Vmm.Run: registers of a KVM vCPU.
// UNSAFETY: passes tables on the stack to the kernel, of the size that the request says.
namespace Mmu.Vmm.Run.Processors.Kvm;

internal sealed unsafe partial class KvmProcessor
{
    private void ReadRegisters()
    {
        ulong* values = stackalloc ulong[18];
        _ = Require(KvmNative.Ioctl(_vcpu, KvmNative.GetRegs, values), "does not give registers");
        for (int i = 0; i < 16; i++)
        {
            Registers[i] = values[_places[i]];
        }

        Registers.Rip = values[16];
        Registers.Flags = values[17];
    }

    private void WriteRegisters()
    {
        ulong* values = stackalloc ulong[18];
        for (int i = 0; i < 16; i++)
        {
            values[_places[i]] = Registers[i];
        }

        values[16] = Registers.Rip;
        values[17] = Registers.Flags;
        _ = Require(KvmNative.Ioctl(_vcpu, KvmNative.SetRegs, values), "does not take registers");
    }

    private void ReadSpecial()
    {
        KvmSpecialRegisters special;
        _ = Require(KvmNative.Ioctl(_vcpu, KvmNative.GetSregs, &special), "does not give registers");
        _special = special;
    }

    private void WriteSpecial()
    {
        KvmSpecialRegisters special = _special;
        _ = Require(KvmNative.Ioctl(_vcpu, KvmNative.SetSregs, &special), "does not take registers");
    }
}
