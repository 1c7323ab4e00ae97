// Common: how a VM on nested paging is set up.
namespace Mmu.Common;

/// <summary>
/// A VM whose processor walks the guest's tables itself and ours after them: hardware nested paging, "two-dimensional paging". Fixed for the life
/// of the VM.
/// </summary>
public sealed record TdpOptions
{
    /// <summary>Format of the tables.</summary>
    public TdpFormat Format { get; init; }

    /// <summary>Levels of the tables: 4, or 5 where guests have more than 48 physical address bits. NPT has those of the host's own tables.</summary>
    public int Levels { get; init; } = 4;

    /// <summary>The largest pages that the processor knows and the VMM wants: 1 for 4 KiB, 2 for 2 MiB, 3 for 1 GiB.</summary>
    public int HighestPageLevel { get; init; } = 3;

    /// <summary>
    /// Leaves the memory type of guest memory to the guest's PAT, for guests with devices that do not snoop caches. EPT only: NPT always combines
    /// both.
    /// </summary>
    public bool HonoursGuestPat { get; init; }

    /// <summary>The processor knows pages that can be executed only (IA32_VMX_EPT_VPID_CAP bit 0). EPT only.</summary>
    public bool ExecuteOnly { get; init; }
}
