// Vmm.Run: instructions on words of a guest, of 64 or of 32 bits.
using Iced.Intel;
using static Iced.Intel.Code;

namespace Mmu.Vmm.Run.Guests;

/// <summary>
/// An assembler for code that is the same in 64-bit and in 32-bit mode, but for the width of its registers. Registers are named by their
/// 32-bit names; branches and labels are those of <see cref="Asm"/>.
/// </summary>
internal class WordCode
{
    // In Iced's tables the form for 64 bits follows that for 32.
    private readonly int _wide;

    internal WordCode(RunMode mode)
    {
        Mode = mode;
        Asm = new Assembler(mode.Bits);
        _wide = mode.IsLong ? 1 : 0;
    }

    /// <summary>Gets the guest's paging mode.</summary>
    internal RunMode Mode { get; }

    /// <summary>Gets the assembler.</summary>
    internal Assembler Asm { get; }

    /// <summary>Gets the size of a word in bytes.</summary>
    internal int WordBytes => Mode.Bits / 8;

    internal void Move(Register to, Register from) => Two(Mov_r32_rm32, to, from);

    internal void Set(Register to, ulong value) => Asm.AddInstruction(
        Mode.IsLong ? Instruction.Create(Mov_r64_imm64, Wide(to), value) : Instruction.Create(Mov_r32_imm32, to, (uint)value));

    internal void Load(Register to, Register at, int offset = 0) => FromMemory(Mov_r32_rm32, to, at, offset);

    internal void Store(Register at, int offset, Register from) =>
        Asm.AddInstruction(Instruction.Create(Wide(Mov_rm32_r32), At(at, offset), Wide(from)));

    internal void AddressOf(Register to, Register at, int offset) => FromMemory(Lea_r32_m, to, at, offset);

    internal void Add(Register to, Register other) => Two(Add_r32_rm32, to, other);

    internal void Add(Register to, int value) => Immediate(Add_rm32_imm32, to, value);

    internal void AddFrom(Register to, Register at, int offset) => FromMemory(Add_r32_rm32, to, at, offset);

    internal void Subtract(Register from, Register other) => Two(Sub_r32_rm32, from, other);

    internal void And(Register to, int value) => Immediate(And_rm32_imm32, to, value);

    internal void Or(Register to, Register other) => Two(Or_r32_rm32, to, other);

    internal void Or(Register to, int value) => Immediate(Or_rm32_imm32, to, value);

    internal void Xor(Register to, int value) => Immediate(Xor_rm32_imm32, to, value);

    internal void Test(Register register, int value) => Immediate(Test_rm32_imm32, register, value);

    internal void Compare(Register register, Register other) => Two(Cmp_r32_rm32, register, other);

    internal void Compare(Register register, int value) => Immediate(Cmp_rm32_imm32, register, value);

    internal void Multiply(Register to, Register other) => Two(Imul_r32_rm32, to, other);

    internal void ShiftLeft(Register register, int bits) => Immediate(Shl_rm32_imm8, register, bits);

    internal void ShiftRight(Register register, int bits) => Immediate(Shr_rm32_imm8, register, bits);

    internal void RotateLeft(Register register, int bits) => Immediate(Rol_rm32_imm8, register, bits);

    internal void Increment(Register register) => One(Inc_rm32, register);

    internal void Decrement(Register register) => One(Dec_rm32, register);

    internal void Push(Register register) => One(Push_r32, register);

    internal void Pop(Register register) => One(Pop_r32, register);

    internal void Call(Register target) => One(Call_rm32, target);

    internal void Jump(Register target) => One(Jmp_rm32, target);

    /// <summary>The wide form of an instruction for 32 bits.</summary>
    protected Iced.Intel.Code Wide(Iced.Intel.Code code) => code + _wide;

    /// <summary>The register as wide as a word.</summary>
    protected Register Wide(Register register) => register + (_wide * (Register.RAX - Register.EAX));

    private MemoryOperand At(Register register, int offset) => new(Wide(register), Register.None, 1, offset, offset == 0 ? 0 : 1);

    private void One(Iced.Intel.Code code, Register register) => Asm.AddInstruction(Instruction.Create(Wide(code), Wide(register)));

    private void FromMemory(Iced.Intel.Code code, Register to, Register at, int offset) =>
        Asm.AddInstruction(Instruction.Create(Wide(code), Wide(to), At(at, offset)));

    private void Two(Iced.Intel.Code code, Register to, Register other) => Asm.AddInstruction(Instruction.Create(Wide(code), Wide(to), Wide(other)));

    private void Immediate(Iced.Intel.Code code, Register to, int value) => Asm.AddInstruction(Instruction.Create(Wide(code), Wide(to), value));
}
