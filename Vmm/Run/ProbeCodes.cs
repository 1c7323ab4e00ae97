// Vmm.Run: the code of probes.
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Mmu.Vmm.Run;

/// <summary>The code of probes, without the jump to their end.</summary>
internal static class ProbeCodes
{
    /// <summary>Emits a probe in 64-bit mode.</summary>
    internal static void Emit64(Assembler c, Probe probe)
    {
        switch (probe)
        {
            case Probe.Read:
                c.mov(rax, __[rdi]);
                break;
            case Probe.Write:
                c.mov(__[rdi], rax);
                break;
            case Probe.Fetch:
                c.jmp(rdi);
                break;
            case Probe.Invalidate:
                c.invlpg(__[rdi]);
                break;
            case Probe.LoadKeys:
                c.xor(ecx, ecx);
                c.xor(edx, edx);
                c.wrpkru();
                break;
        }
    }

    /// <summary>Emits a probe in 32-bit mode.</summary>
    internal static void Emit32(Assembler c, Probe probe)
    {
        switch (probe)
        {
            case Probe.Read:
                c.mov(eax, __[edi]);
                break;
            case Probe.Write:
                c.mov(__[edi], eax);
                break;
            case Probe.Fetch:
                c.jmp(edi);
                break;
            case Probe.Invalidate:
                c.invlpg(__[edi]);
                break;
            case Probe.LoadKeys:
                // Keys are of 64-bit mode only.
                break;
        }
    }
}
