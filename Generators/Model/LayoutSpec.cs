// Generators: what a [PteLayout] declaration says, as plain equatable data.
namespace Mmu.Generators.Model;

/// <summary>A page-table entry format.</summary>
/// <param name="Namespace">Namespace of the declaration.</param>
/// <param name="Name">Name of the struct.</param>
/// <param name="Bits">Width: 32 or 64.</param>
/// <param name="Fields">Its fields, in order of declaration.</param>
/// <remarks>Immutable with structural equality, all members too; otherwise the pipeline's caching breaks.</remarks>
internal sealed record LayoutSpec(string Namespace, string Name, int Bits, EquatableArray<FieldSpec> Fields)
{
    /// <summary>The field of that name, or <see langword="null"/>.</summary>
    public FieldSpec? Find(string name)
    {
        foreach (FieldSpec field in Fields)
        {
            if (field.Name == name)
            {
                return field;
            }
        }

        return null;
    }

    /// <summary>Mask of the field of that name; 0 if the format lacks it.</summary>
    public ulong Mask(string name) => Find(name)?.Mask ?? 0;

    /// <summary>True for EPT formats: rights are Readable, Writable, Executable and there is no present bit.</summary>
    public bool IsEpt => Find("Readable") is not null;
}
