// Shadow judge: a translation as a processor caches it.
namespace Mmu.Tests.Shadow;

/// <summary>One page: where it is and what the whole path to it allows.</summary>
internal readonly record struct HardwarePage(
    ulong Linear, int Shift, ulong Physical, bool Writable, bool User, bool NoExecute, int Key, bool Dirty)
{
    internal bool Covers(ulong linear) => linear >> Shift == Linear >> Shift;

    /// <summary>The physical address behind a linear address of the page.</summary>
    internal ulong PhysicalOf(ulong linear) => Physical + (linear & ((1UL << Shift) - 1));
}
