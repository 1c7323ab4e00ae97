// Walk: combinations that no EPT entry may have.
namespace Mmu.Walk;

/// <summary>EPT misconfigurations besides reserved bits. Intel SDM "EPT Misconfigurations".</summary>
internal static class EptRules
{
    private const ulong Read = 1;
    private const ulong Write = 2;
    private const ulong Execute = 4;
    private const ulong UserExecute = 1UL << 10;

    /// <summary>Memory types 2, 3 and 7.</summary>
    internal const uint BadMemoryTypes = 0b1000_1100;

    /// <summary>True for writes without reads, and for fetches without reads where execute-only is not supported.</summary>
    internal static bool HasBadRights(ulong entry, bool executeOnly, bool modeBasedExecute)
    {
        if ((entry & Read) != 0)
        {
            return false;
        }

        return (entry & Write) != 0 || (!executeOnly && (entry & (Execute | (modeBasedExecute ? UserExecute : 0))) != 0);
    }

    /// <summary>True if the leaf's memory type is reserved.</summary>
    internal static bool HasBadMemoryType(ulong leaf) => ((BadMemoryTypes >> (int)((leaf >> 3) & 7)) & 1) != 0;
}
