// Vmm: the control state that selects and starts one address space, as an image or the command line gives it.
namespace Mmu.Vmm.Images;

/// <summary>One root to walk: a label ("cpu 0", "extra root") and the registers that decide its paging mode.</summary>
internal readonly record struct PagingRoot(string Label, ulong Cr0, ulong Cr3, ulong Cr4, ulong Efer)
{
    private const ulong Cr0Pg = 1UL << 31;
    private const ulong Cr4Pae = 1UL << 5;
    private const ulong Cr4La57 = 1UL << 12;
    private const ulong EferLma = 1UL << 10;

    /// <summary>Gets the depth of the tables: 0 (paging off), 2 (32-bit), 3 (PAE), 4 or 5.</summary>
    public int Levels => (Cr0 & Cr0Pg) == 0 ? 0
        : (Cr4 & Cr4Pae) == 0 ? 2
        : (Efer & EferLma) == 0 ? 3
        : (Cr4 & Cr4La57) == 0 ? 4 : 5;

    /// <summary>Gets the name of the paging mode as the manuals use it.</summary>
    public string ModeName => Levels switch
    {
        0 => "paging off",
        2 => "32-bit",
        3 => "PAE",
        4 => "4-level",
        _ => "5-level",
    };
}
