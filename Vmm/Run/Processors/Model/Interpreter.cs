// Vmm.Run: interprets the general instructions that the bundled guests and the probes use; decoded by Iced.
using System.Numerics;
using Iced.Intel;

namespace Mmu.Vmm.Run.Processors.Model;

/// <summary>
/// Interprets one instruction: moves, arithmetic, jumps, the stack. Enough for guests that are assembled here and for the
/// stores that a guest makes to its page tables; whatever else it meets it names unknown.
/// </summary>
internal static partial class Interpreter
{
    private const ulong Carry = 1;
    private const ulong Zero = 1 << 6;
    private const ulong Sign = 1 << 7;
    private const ulong Overflow = 1 << 11;

    /// <summary>Executes an instruction.</summary>
    internal static StepResult Execute(in Instruction code, CpuRegisters registers, IBus bus)
    {
        ulong next = code.NextIP;
        StepResult result = code.Mnemonic switch
        {
            Mnemonic.Nop or Mnemonic.Endbr64 => StepResult.Done,
            Mnemonic.Mov or Mnemonic.Movzx or Mnemonic.Lea => Move(code, registers, bus),
            Mnemonic.Xchg => Exchange(code, registers, bus),
            Mnemonic.Push => Push(code, registers, bus),
            Mnemonic.Pop => Pop(code, registers, bus),
            Mnemonic.Call => Call(code, registers, bus, ref next),
            Mnemonic.Ret => Return(code, registers, bus, ref next),
            Mnemonic.Jmp => Jump(code, registers, bus, ref next),
            _ when code.FlowControl == FlowControl.ConditionalBranch => Branch(code, registers, ref next),
            _ => Calculate(code, registers, bus),
        };
        if (result == StepResult.Done)
        {
            registers.Rip = next;
        }

        return result;
    }

    private static StepResult Move(in Instruction code, CpuRegisters registers, IBus bus)
    {
        ulong value;
        if (code.Mnemonic == Mnemonic.Lea)
        {
            value = AddressOf(code, registers);
        }
        else if (!IsGeneral(code, 0) || !IsGeneral(code, 1))
        {
            return StepResult.Unknown;
        }
        else if (!TryRead(code, 1, registers, bus, out value))
        {
            return StepResult.Fault;
        }

        return Write(code, registers, bus, value);
    }

    private static StepResult Exchange(in Instruction code, CpuRegisters registers, IBus bus)
    {
        ulong other = ReadRegister(code.Op1Register, registers);
        if (!TryRead(code, 0, registers, bus, out ulong value) || Write(code, registers, bus, other) != StepResult.Done)
        {
            return StepResult.Fault;
        }

        WriteRegister(code.Op1Register, registers, value);
        return StepResult.Done;
    }

    private static StepResult Push(in Instruction code, CpuRegisters registers, IBus bus)
    {
        int word = WordOf(code);
        ulong stack = registers[CpuRegisters.Rsp] - (ulong)word;
        if (!TryRead(code, 0, registers, bus, out ulong value) || !bus.TryStore(stack, word, value))
        {
            return StepResult.Fault;
        }

        registers[CpuRegisters.Rsp] = stack;
        return StepResult.Done;
    }

    private static StepResult Pop(in Instruction code, CpuRegisters registers, IBus bus)
    {
        int word = WordOf(code);
        if (!bus.TryLoad(registers[CpuRegisters.Rsp], word, out ulong value))
        {
            return StepResult.Fault;
        }

        registers[CpuRegisters.Rsp] += (ulong)word;
        return Write(code, registers, bus, value);
    }

    private static StepResult Call(in Instruction code, CpuRegisters registers, IBus bus, ref ulong next)
    {
        ulong target = code.NearBranchTarget;
        int word = WordOf(code);
        if ((!IsNear(code) && !TryRead(code, 0, registers, bus, out target))
            || !bus.TryStore(registers[CpuRegisters.Rsp] - (ulong)word, word, next))
        {
            return StepResult.Fault;
        }

        registers[CpuRegisters.Rsp] -= (ulong)word;
        next = target;
        return StepResult.Done;
    }

    private static StepResult Return(in Instruction code, CpuRegisters registers, IBus bus, ref ulong next)
    {
        int word = WordOf(code);
        if (!bus.TryLoad(registers[CpuRegisters.Rsp], word, out ulong target))
        {
            return StepResult.Fault;
        }

        registers[CpuRegisters.Rsp] += (ulong)word;
        next = target;
        return StepResult.Done;
    }

    private static StepResult Jump(in Instruction code, CpuRegisters registers, IBus bus, ref ulong next)
    {
        ulong target = code.NearBranchTarget;
        if (!IsNear(code) && !TryRead(code, 0, registers, bus, out target))
        {
            return StepResult.Fault;
        }

        next = target;
        return StepResult.Done;
    }

    private static StepResult Branch(in Instruction code, CpuRegisters registers, ref ulong next)
    {
        bool carry = (registers.Flags & Carry) != 0;
        bool zero = (registers.Flags & Zero) != 0;
        bool sign = (registers.Flags & Sign) != 0;
        bool less = sign != ((registers.Flags & Overflow) != 0);
        bool? taken = code.ConditionCode switch
        {
            ConditionCode.b => carry,
            ConditionCode.ae => !carry,
            ConditionCode.e => zero,
            ConditionCode.ne => !zero,
            ConditionCode.be => carry || zero,
            ConditionCode.a => !carry && !zero,
            ConditionCode.s => sign,
            ConditionCode.ns => !sign,
            ConditionCode.l => less,
            ConditionCode.ge => !less,
            ConditionCode.le => zero || less,
            ConditionCode.g => !zero && !less,
            _ => null,
        };
        if (taken == true)
        {
            next = code.NearBranchTarget;
        }

        return taken is null ? StepResult.Unknown : StepResult.Done;
    }

    private static StepResult Calculate(in Instruction code, CpuRegisters registers, IBus bus)
    {
        int bits = SizeOf(code) * 8;
        if (bits == 0 || !IsGeneral(code, 0))
        {
            return StepResult.Unknown;
        }

        ulong right = 1;
        if (!TryRead(code, 0, registers, bus, out ulong left)
            || (code.OpCount > 1 && !TryRead(code, code.OpCount - 1, registers, bus, out right)))
        {
            return StepResult.Fault;
        }

        if (code.OpCount == 3 && !TryRead(code, 1, registers, bus, out left))
        {
            return StepResult.Fault;
        }

        if (!TryCompute(code.Mnemonic, left, right, bits, registers.Flags, out ulong value, out ulong flags))
        {
            return StepResult.Unknown;
        }

        if (code.Mnemonic is not (Mnemonic.Cmp or Mnemonic.Test) && Write(code, registers, bus, value) != StepResult.Done)
        {
            return StepResult.Fault;
        }

        registers.Flags = flags;
        return StepResult.Done;
    }

    private static bool TryCompute(Mnemonic mnemonic, ulong left, ulong right, int bits, ulong before, out ulong value, out ulong flags)
    {
        ulong mask = bits == 64 ? ulong.MaxValue : (1UL << bits) - 1;
        ulong top = 1UL << (bits - 1);
        int shift = (int)right & (bits == 64 ? 63 : 31);
        left &= mask;
        right &= mask;
        bool adds = mnemonic is Mnemonic.Add or Mnemonic.Inc;
        bool subtracts = mnemonic is Mnemonic.Sub or Mnemonic.Dec or Mnemonic.Cmp;
        flags = before;
        ulong? computed = mnemonic switch
        {
            Mnemonic.Add or Mnemonic.Inc => left + right,
            Mnemonic.Sub or Mnemonic.Dec or Mnemonic.Cmp => left - right,
            Mnemonic.And or Mnemonic.Test => left & right,
            Mnemonic.Or => left | right,
            Mnemonic.Xor => left ^ right,
            Mnemonic.Imul => left * right,
            Mnemonic.Shl => left << shift,
            Mnemonic.Shr => left >> shift,
            Mnemonic.Rol when bits == 64 => BitOperations.RotateLeft(left, shift),
            Mnemonic.Rol when bits == 32 => BitOperations.RotateLeft((uint)left, shift),
            Mnemonic.Not => ~left,
            _ => null,
        };
        value = (computed ?? 0) & mask;
        if (computed is null || mnemonic is Mnemonic.Not or Mnemonic.Rol)
        {
            return computed is not null;
        }

        flags &= ~(Zero | Sign | Overflow);
        flags |= (value == 0 ? Zero : 0) | ((value & top) != 0 ? Sign : 0);
        ulong signs = adds ? ~(left ^ right) & (left ^ value) : subtracts ? (left ^ right) & (left ^ value) : 0;
        flags |= (signs & top) != 0 ? Overflow : 0;
        if (mnemonic is not (Mnemonic.Inc or Mnemonic.Dec))
        {
            flags &= ~Carry;
            flags |= (adds && value < left) || (subtracts && left < right) ? Carry : 0;
        }

        return true;
    }
}
