// Diagnostics: names and fields of what a trace tells of.
using System;

namespace Mmu.Diagnostics;

/// <summary>
/// Names and fields of <see cref="TracePoint"/>s, as the kernel's <c>/sys/kernel/tracing/events/kvmmmu</c> has them, so that tools and habits serve for both.
/// </summary>
public static class TracePoints
{
    private static readonly string[] _page = ["mmu_valid_gen", "gfn", "role", "root_count", "unsync"];

    private static readonly (string Name, string[] Fields)[] _points =
    [
        ("none", []),
        ("kvm_page_fault", ["fault_address", "error_code"]),
        ("kvm_mmu_pagetable_walk", ["addr", "pferr"]),
        ("kvm_mmu_paging_element", ["pte", "level"]),
        ("kvm_mmu_set_accessed_bit", ["gpa"]),
        ("kvm_mmu_set_dirty_bit", ["gpa"]),
        ("kvm_mmu_walker_error", ["pferr"]),
        ("kvm_mmu_get_page", [.. _page, "created"]),
        ("kvm_mmu_sync_page", _page),
        ("kvm_mmu_unsync_page", _page),
        ("kvm_mmu_prepare_zap_page", _page),
        ("mark_mmio_spte", ["sptep", "gfn", "access", "gen"]),
        ("handle_mmio_page_fault", ["addr", "gfn", "access"]),
        ("check_mmio_spte", ["spte", "kvm_gen", "spte_gen"]),
        ("fast_page_fault", ["cr2_or_gpa", "error_code", "sptep", "old_spte", "new_spte", "fixed"]),
        ("kvm_mmu_zap_all_fast", ["mmu_valid_gen", "mmu_used_pages"]),
        ("kvm_mmu_spte_requested", ["gfn", "pfn", "level"]),
        ("kvm_mmu_set_spte", ["gfn", "spte", "sptep", "level"]),
        ("kvm_tdp_mmu_spte_changed", ["as_id", "gfn", "level", "old_spte", "new_spte"]),
        ("kvm_mmu_split_huge_page", ["gfn", "spte", "level", "errno"]),
    ];

    /// <summary>How many there are; <see cref="TracePoint"/>s count from 0.</summary>
    public static int Count => _points.Length;

    /// <summary>The name of KVM's tracepoint.</summary>
    /// <param name="point">Which.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such point.</exception>
    public static string NameOf(TracePoint point) => Of(point).Name;

    /// <summary>The names of its fields, in the order of <see cref="TraceEvent"/>'s indexer.</summary>
    /// <inheritdoc cref="NameOf"/>
    public static ReadOnlySpan<string> FieldsOf(TracePoint point) => Of(point).Fields;

    private static (string Name, string[] Fields) Of(TracePoint point) => (uint)point < (uint)_points.Length
        ? _points[(int)point]
        : throw new ArgumentOutOfRangeException(nameof(point), point, $"There are trace points 0 to {_points.Length - 1}.");
}
