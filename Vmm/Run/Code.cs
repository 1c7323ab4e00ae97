// Vmm.Run: places assembled code.
using System;
using System.IO;
using Iced.Intel;

namespace Mmu.Vmm.Run;

/// <summary>Places assembled code in memory.</summary>
internal static class Code
{
    /// <summary>Encodes code for an address into <paramref name="destination"/>.</summary>
    /// <returns>The encoded code, for the addresses of labels.</returns>
    internal static AssemblerResult Assemble(Assembler code, ulong address, Span<byte> destination)
    {
        using var bytes = new MemoryStream();
        AssemblerResult result = code.Assemble(new StreamCodeWriter(bytes), address, BlockEncoderOptions.ReturnNewInstructionOffsets);
        bytes.ToArray().CopyTo(destination);
        return result;
    }
}
