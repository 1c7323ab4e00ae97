// Generators: what a [SpteFormat] declaration says, as plain equatable data.
namespace Mmu.Generators.Model;

/// <summary>An SPTE format.</summary>
/// <param name="Namespace">Namespace of the declaration.</param>
/// <param name="Name">Name of the struct.</param>
/// <param name="Layout">The entry as the CPU reads it.</param>
/// <param name="Software">What the MMU keeps for itself, in order of declaration.</param>
/// <param name="SoftwareAccessedDirty">True if no CPU sets A and D.</param>
/// <param name="ProtectionKeys">True if leaves carry protection keys.</param>
/// <param name="Reserved">Bits that a present entry leaves clear.</param>
/// <param name="Generation">Where an MMIO entry keeps its generation, the lowest bits first.</param>
/// <param name="Mark">What marks an MMIO entry, or <see langword="null"/> if reserved address bits do.</param>
/// <remarks>Immutable with structural equality, all members too; otherwise the pipeline's caching breaks.</remarks>
internal sealed record SpteSpec(
    string Namespace,
    string Name,
    LayoutSpec Layout,
    EquatableArray<FieldSpec> Software,
    bool SoftwareAccessedDirty,
    bool ProtectionKeys,
    ulong Reserved,
    EquatableArray<BitRun> Generation,
    MmioMarkSpec? Mark)
{
    /// <summary>The software field of that name, or <see langword="null"/>.</summary>
    public FieldSpec? Find(string name)
    {
        foreach (FieldSpec field in Software)
        {
            if (field.Name == name)
            {
                return field;
            }
        }

        return null;
    }
}
