// Vmm.Run: operands of interpreted instructions.
using Iced.Intel;

namespace Mmu.Vmm.Run.Processors.Model;

internal static partial class Interpreter
{
    private static int SizeOf(in Instruction code) =>
        code.Op0Kind == OpKind.Memory ? code.MemorySize.GetSize() : code.Op0Kind == OpKind.Register ? code.Op0Register.GetSize() : 0;

    private static bool IsGeneral(in Instruction code, int operand) =>
        code.GetOpKind(operand) != OpKind.Register || code.GetOpRegister(operand).IsGPR();

    private static int WordOf(in Instruction code) => code.CodeSize == CodeSize.Code32 ? 4 : 8;

    private static bool IsNear(in Instruction code) => code.Op0Kind is OpKind.NearBranch64 or OpKind.NearBranch32;

    private static ulong AddressOf(in Instruction code, CpuRegisters registers) =>
        LongAddressOf(code, registers) & (code.CodeSize == CodeSize.Code32 ? uint.MaxValue : ulong.MaxValue);

    private static ulong LongAddressOf(in Instruction code, CpuRegisters registers) =>
        code.IsIPRelativeMemoryOperand
            ? code.IPRelativeMemoryAddress
            : code.MemoryDisplacement64
                + (code.MemoryBase == Register.None ? 0 : ReadRegister(code.MemoryBase, registers))
                + (code.MemoryIndex == Register.None ? 0 : ReadRegister(code.MemoryIndex, registers) * (ulong)code.MemoryIndexScale);

    private static bool TryRead(in Instruction code, int operand, CpuRegisters registers, IBus bus, out ulong value)
    {
        switch (code.GetOpKind(operand))
        {
            case OpKind.Register:
                value = ReadRegister(code.GetOpRegister(operand), registers);
                return true;
            case OpKind.Memory:
                return bus.TryLoad(AddressOf(code, registers), code.MemorySize.GetSize(), out value);
            default:
                value = code.GetImmediate(operand);
                return true;
        }
    }

    private static StepResult Write(in Instruction code, CpuRegisters registers, IBus bus, ulong value)
    {
        if (code.Op0Kind == OpKind.Memory)
        {
            return bus.TryStore(AddressOf(code, registers), code.MemorySize.GetSize(), value) ? StepResult.Done : StepResult.Fault;
        }

        WriteRegister(code.Op0Register, registers, value);
        return StepResult.Done;
    }

    private static ulong ReadRegister(Register register, CpuRegisters registers)
    {
        ulong value = registers[register.GetFullRegister() - Register.RAX];
        return register.GetSize() switch
        {
            8 => value,
            4 => (uint)value,
            2 => (ushort)value,
            _ => (byte)value,
        };
    }

    // AH to BH are used nowhere here.
    private static void WriteRegister(Register register, CpuRegisters registers, ulong value)
    {
        ref ulong there = ref registers[register.GetFullRegister() - Register.RAX];
        there = register.GetSize() switch
        {
            8 => value,
            4 => (uint)value,
            2 => (there & ~0xFFFFUL) | (ushort)value,
            _ => (there & ~0xFFUL) | (byte)value,
        };
    }
}
