// Vmm.Run: general registers of a processor, in the order of their encodings.
using System.Runtime.CompilerServices;

namespace Mmu.Vmm.Run.Processors;

/// <summary>General registers, RIP and RFLAGS.</summary>
internal sealed class CpuRegisters
{
    internal const int Rax = 0;
    internal const int Rcx = 1;
    internal const int Rdx = 2;
    internal const int Rbx = 3;
    internal const int Rsp = 4;
    internal const int Rbp = 5;
    internal const int Rsi = 6;
    internal const int Rdi = 7;

    private General _general;

    /// <summary>Gets or sets RIP.</summary>
    internal ulong Rip { get; set; }

    /// <summary>Gets or sets RFLAGS.</summary>
    internal ulong Flags { get; set; }

    /// <summary>RAX to R15 by number.</summary>
    internal ref ulong this[int number] => ref _general[number];

    [InlineArray(16)]
    private struct General
    {
        private ulong _first;
    }
}
