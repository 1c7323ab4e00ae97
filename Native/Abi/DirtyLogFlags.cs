// Abi: how a dirty log works.
using System;

namespace Mmu.Native.Abi;

/// <summary>How a dirty log works.</summary>
[Flags]
internal enum DirtyLogFlags : uint
{
    /// <summary>A bitmap that starts empty.</summary>
    None = 0,

    /// <summary>
    /// Every page counts as written at first, and nothing is write-protected before it is harvested: for consumers that copy everything once anyway.
    /// Not with MMU_DIRTY_LOG_FLAGS_USE_RINGS.
    /// </summary>
    InitiallyAllSet = 1 << 0,

    /// <summary>Huge pages are split when the log starts; else the first write to each splits it.</summary>
    SplitEagerly = 1 << 1,

    /// <summary>When the slot's last log ends, small mappings stay where huge ones could be.</summary>
    KeepSmallPages = 1 << 2,

    /// <summary>What a vCPU writes is reported in its ring, everything else in this log's bitmap. Needs mmu_vm_options.dirty_ring_entries.</summary>
    UseRings = 1 << 3,

    /// <summary>Keeps a hash of each page for mmu_dirty_log_find_missed. Reads every page when the log starts: for tests.</summary>
    Verify = 1 << 4,
}
