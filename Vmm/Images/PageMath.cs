// Vmm: the page and address limits that every reader checks against.
namespace Mmu.Vmm.Images;

/// <summary>Sizes and limits of x86 physical memory.</summary>
internal static class PageMath
{
    /// <summary>The size of the smallest page, in bytes.</summary>
    internal const int PageSize = 4096;

    /// <summary>The bits of an address inside its page.</summary>
    internal const ulong OffsetMask = PageSize - 1;

    /// <summary>One more than the highest physical address an x86 CPU can have.</summary>
    internal const ulong MaxGpa = 1UL << 52;
}
