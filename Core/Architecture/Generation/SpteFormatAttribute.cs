// Architecture: declares one format of shadow page-table entry; read by the generator.
using System;
using System.Diagnostics;

namespace Mmu.Architecture.Generation;

/// <summary>
/// Declares an SPTE format on a partial struct: what the CPU reads is the layout's, what the MMU keeps for itself are the struct's partial
/// properties, placed by <see cref="BitAttribute"/> or <see cref="BitsAttribute"/> where the CPU ignores the entry. The generator emits its codec.
/// </summary>
/// <remarks>
/// The names of the properties give the bits their meaning: <c>MmuPresent</c> (bit 11), <c>HostWritable</c> and <c>MmuWritable</c> are
/// needed; <c>AccessedDirtyType</c> takes two bits that are 0 where the CPU sets A and D and 1 where it does not;
/// <c>SavedReadable</c>, <c>SavedExecutable</c> and <c>SavedUserExecutable</c> keep the rights that access tracking takes away. <see
/// cref="ReservedAttribute"/> names bits that a present entry must leave clear, <see cref="MmioGenerationAttribute"/> and <see
/// cref="MmioMarkAttribute"/> describe the entries that stand for MMIO.
/// </remarks>
[AttributeUsage(AttributeTargets.Struct)]
[Conditional("MMU_GENERATOR_INPUT")]
internal sealed class SpteFormatAttribute : Attribute
{
    /// <summary>Declares a format that the CPU reads as the given <see cref="PteLayoutAttribute"/> type.</summary>
    public SpteFormatAttribute(Type layout) => Layout = layout;

    /// <summary>The entry as the CPU reads it.</summary>
    public Type Layout { get; }

    /// <summary>True if no CPU sets A and D: the bits are the MMU's own, and accesses are noticed by taking rights away.</summary>
    public bool SoftwareAccessedDirty { get; set; }

    /// <summary>True if leaves carry protection keys.</summary>
    public bool ProtectionKeys { get; set; }
}
