// Vmm: registers given on the command line; each one given overrides what the image says.
namespace Mmu.Vmm.Images;

/// <summary>Control state from the command line; null where the user gave none.</summary>
internal sealed record RootOptions(ulong? Cr0 = null, ulong? Cr3 = null, ulong? Cr4 = null, ulong? Efer = null, ulong? Base = null)
{
    /// <summary>The CR0 assumed when only CR3, CR4 and EFER are known: PG, WP, NE, ET, MP, PE, as every modern kernel has it.</summary>
    internal const ulong UsualCr0 = 0x8001_0033;

    /// <summary>Applies what was given to a root found in the image.</summary>
    public PagingRoot Override(PagingRoot root) => root with
    {
        Cr0 = Cr0 ?? root.Cr0,
        Cr4 = Cr4 ?? root.Cr4,
        Efer = Efer ?? root.Efer,
    };
}
