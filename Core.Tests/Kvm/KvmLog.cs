// KVM conformance: puts the tracepoints of a log together to steps.
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Mmu.Tests.KvmLogs;

namespace Mmu.Tests.Kvm;

/// <summary>Reader of KVM's log.</summary>
internal static class KvmLog
{
    /// <summary>All steps of a log in data/snapshots.</summary>
    internal static List<KvmStep> Read(string name)
    {
        var steps = new List<KvmStep>();
        foreach (KvmEvent found in KvmEvents.Read(name))
        {
            Add(steps, found);
        }

        return steps;
    }

    private static void Add(List<KvmStep> steps, KvmEvent found)
    {
        KvmStep? last = steps.Count == 0 ? null : steps[^1];
        switch (found.Name)
        {
            case "kvm_page_fault":
                steps.Add(new KvmStep { Kind = KvmStepKind.Fault, Line = found.Line, Address = found.Number("address"), Code = (uint)found.Number("error_code") });
                break;
            case "kvm_mmu_pagetable_walk" when last is { Kind: KvmStepKind.Fault, Entries.Count: 0 } && last.Address == found.Number("addr"):
                break;
            case "kvm_mmu_pagetable_walk":
                steps.Add(new KvmStep { Kind = KvmStepKind.Walk, Line = found.Line, Address = found.Number("addr"), Code = (uint)found.Number("pferr") });
                break;
            case "kvm_mmu_paging_element":
                last!.Entries.Add((found.Number("pte"), (int)found.Number("level")));
                break;
            case "kvm_mmu_set_accessed_bit":
                last!.Accessed.Add(found.Number("gpa"));
                break;
            case "kvm_mmu_set_dirty_bit":
                last!.Dirty.Add(found.Number("gpa"));
                break;
            case "kvm_mmu_get_page" when found.ToPage() is { Level: 4 } root:
                steps.Add(new KvmStep { Kind = KvmStepKind.Root, Line = found.Line, Pages = { root } });
                break;
            case "kvm_mmu_get_page":
                last!.Pages.Add(found.ToPage());
                break;
            case "kvm_mmu_unsync_page":
                last!.Unsynced.Add(found.ToPage());
                break;
            case "kvm_mmu_sync_page":
                steps.Add(new KvmStep { Kind = KvmStepKind.Sync, Line = found.Line, Pages = { found.ToPage() } });
                break;
            case "kvm_mmu_spte_requested":
                last!.Requested = (found.Number("gfn"), (int)found.Number("level"));
                break;
            case "kvm_mmu_set_spte":
                last!.Sptes.Add(found.ToSpte());
                break;
            case "tracing_mark_write":
                steps.Add(new KvmStep { Kind = KvmStepKind.Mark, Line = found.Line, Mark = found.Text });
                break;
            default:
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"line {found.Line}: unknown event {found.Name}"));
        }
    }
}
