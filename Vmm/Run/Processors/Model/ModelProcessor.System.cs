// Vmm.Run: the model's system instructions: OUT, IRET, control registers, INVLPG.
using Iced.Intel;
using Mmu.Architecture;

namespace Mmu.Vmm.Run.Processors.Model;

internal sealed unsafe partial class ModelProcessor
{
    private const uint Efer = 0xC000_0080;

    private RunEvent? ExecuteSystem(in Instruction code)
    {
        switch (code.Code)
        {
            case Iced.Intel.Code.Out_imm8_AL when (int)_ring <= (int)(Registers.Flags >> 12 & 3):
                Registers.Rip = code.NextIP;
                return RunEvent.Out(code.Immediate8);
            case Iced.Intel.Code.Iretq or Iced.Intel.Code.Iretd when _ring != Ring.User:
                ReturnFromInterrupt();
                return null;
            case Iced.Intel.Code.Wrpkru:
                _walker.SetProtectionKeys((uint)Registers[CpuRegisters.Rax], 0);
                _tlb.Clear();
                break;
            case Iced.Intel.Code.Mov_cr_r64 or Iced.Intel.Code.Mov_cr_r32 when _ring == Ring.Kernel:
                LoadControl(code.Op0Register, Registers[NumberOf(code.Op1Register)]);
                break;
            case Iced.Intel.Code.Mov_r64_cr or Iced.Intel.Code.Mov_r32_cr when _ring == Ring.Kernel && code.Op1Register == Register.CR2:
                Registers[NumberOf(code.Op0Register)] = Cr2;
                break;
            case Iced.Intel.Code.Wrmsr when _ring == Ring.Kernel && (uint)Registers[CpuRegisters.Rcx] == Efer:
                SetControl(_walker.ControlState with { Efer = (_walker.ControlState.Efer & ProcessorState.LongModeActive) | (uint)Registers[CpuRegisters.Rax] });
                break;
            case Iced.Intel.Code.Invlpg_m when _ring == Ring.Kernel:
                _tlb.Forget(Registers[NumberOf(code.MemoryBase)]);
                break;
            default:
                return RunEvent.Dead($"the model does not know the instruction at 0x{Registers.Rip:x}: {code}");
        }

        Registers.Rip = code.NextIP;
        return null;
    }

    private void LoadControl(Register register, ulong value)
    {
        ControlState state = _walker.ControlState;
        SetControl(register switch
        {
            Register.CR0 => state with { Cr0 = value },
            Register.CR4 => state with { Cr4 = value },
            _ => state with { Cr3 = value },
        });
    }

    private static int NumberOf(Register register) => register.GetFullRegister() - Register.RAX;

    // It drops all translations: more than some changes ask for, never less.
    private void SetControl(in ControlState state)
    {
        _ = Apply(state);
        _tlb.Clear();
    }
}
