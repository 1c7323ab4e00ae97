// KVM conformance, nested paging: puts the tracepoints of a log together to steps, and reads the VMM's own log.
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Mmu.Tests.KvmLogs;
using Mmu.Tests.Snapshots;

namespace Mmu.Tests.Tdp.Kvm;

internal static class NptLog
{
    internal const string Name = "kvm-npt-l";

    /// <summary>All steps of the log.</summary>
    internal static List<NptStep> Read()
    {
        List<NptStep> steps = [];
        foreach (KvmEvent found in KvmEvents.Read(Name))
        {
            Add(steps, found);
        }

        return steps;
    }

    /// <summary>The leaves that KVM's tables held after the log's end: guest physical address, entry and level.</summary>
    internal static List<(ulong Gpa, ulong Entry, int Level)> ReadTables() =>
    [
        .. File.ReadLines(SnapshotData.PathOf(Name, "kvm_tables_0x258e000.txt")).Where(line => !line.StartsWith('#'))
            .Select(line => line.Split(' ')).Select(words => (KvmEvent.Hex(words[0]), KvmEvent.Hex(words[1]), (int)KvmEvent.Hex(words[2]))),
    ];

    private static void Add(List<NptStep> steps, KvmEvent found)
    {
        NptStep? last = steps.Count == 0 ? null : steps[^1];
        switch (found.Name)
        {
            case "kvm_page_fault":
                steps.Add(new NptStep { Line = found.Line, Gpa = found.Number("address"), Code = found.Number("error_code") });
                break;
            case "tracing_mark_write":
                steps.Add(new NptStep { Line = found.Line, Mark = found.Text });
                break;
            case "fast_page_fault":
                last!.Fast = (found.Number("old"), found.Number("new"), found.After("fixed") == "1");
                break;
            case "kvm_mmu_spte_requested":
                last!.Requested = (found.Number("gfn"), found.Number("pfn"), (int)found.Number("level"));
                break;
            case "kvm_mmu_get_page" when last is null:
                steps.Add(new NptStep { Line = found.Line, Mark = "root", Made = { found.ToPage() } });
                break;
            case "kvm_mmu_get_page":
                last!.Made.Add(found.ToPage());
                break;
            case "kvm_mmu_prepare_zap_page":
                last!.Zapped.Add(found.ToPage());
                break;
            case "kvm_tdp_mmu_spte_changed":
                last!.Changes.Add((found.Number("gfn"), (int)found.Number("level"), found.Number("old_spte"), found.Number("new_spte")));
                break;
            case "kvm_mmu_split_huge_page":
                last!.Splits.Add((found.Number("gfn"), (int)found.Number("level")));
                break;
            case "kvm_mmu_set_spte":
                last!.Leaf = found.ToSpte();
                break;
            case "kvm_mmu_pagetable_walk" or "kvm_mmu_paging_element":
                // The VMM asked for a translation: the guest's tables, not ours.
                break;
            default:
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"line {found.Line}: unknown event {found.Name}"));
        }
    }
}
