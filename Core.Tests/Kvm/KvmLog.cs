// KVM conformance: reads the kvmmmu tracepoints of Linux 6.12.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.IO.Compression;
using Mmu.Tests.Snapshots;

namespace Mmu.Tests.Kvm;

/// <summary>Reader of KVM's log.</summary>
internal static class KvmLog
{
    /// <summary>All steps of a log in data/snapshots.</summary>
    internal static List<KvmStep> Read(string name)
    {
        using var stream = new GZipStream(File.OpenRead(SnapshotData.PathOf(name, "kvmmmu.trace.txt.gz")), CompressionMode.Decompress);
        using var reader = new StreamReader(stream);
        var steps = new List<KvmStep>();
        int number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;

            // "task-pid [cpu] flags time: event: text"
            string[] parts = line.Split(": ", 3);
            if (parts.Length == 3 && !line.StartsWith('#'))
            {
                Add(steps, number, parts[1].Trim(), parts[2].Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries), parts[2].Trim());
            }
        }

        return steps;
    }

    private static void Add(List<KvmStep> steps, int line, string kind, string[] words, string text)
    {
        KvmStep? last = steps.Count == 0 ? null : steps[^1];
        switch (kind)
        {
            case "kvm_page_fault":
                steps.Add(new KvmStep { Kind = KvmStepKind.Fault, Line = line, Address = Hex(After(words, "address")), Code = (uint)Hex(After(words, "error_code")) });
                break;
            case "kvm_mmu_pagetable_walk" when last is { Kind: KvmStepKind.Fault, Entries.Count: 0 } && last.Address == Hex(After(words, "addr")):
                break;
            case "kvm_mmu_pagetable_walk":
                steps.Add(new KvmStep { Kind = KvmStepKind.Walk, Line = line, Address = Hex(After(words, "addr")), Code = (uint)Hex(After(words, "pferr")) });
                break;
            case "kvm_mmu_paging_element":
                last!.Entries.Add((Hex(After(words, "pte")), (int)Hex(After(words, "level"))));
                break;
            case "kvm_mmu_set_accessed_bit":
                last!.Accessed.Add(Hex(After(words, "gpa")));
                break;
            case "kvm_mmu_set_dirty_bit":
                last!.Dirty.Add(Hex(After(words, "gpa")));
                break;
            case "kvm_mmu_get_page" when PageOf(words) is { Level: 4 } root:
                steps.Add(new KvmStep { Kind = KvmStepKind.Root, Line = line, Pages = { root } });
                break;
            case "kvm_mmu_get_page":
                last!.Pages.Add(PageOf(words));
                break;
            case "kvm_mmu_unsync_page":
                last!.Unsynced.Add(PageOf(words));
                break;
            case "kvm_mmu_sync_page":
                steps.Add(new KvmStep { Kind = KvmStepKind.Sync, Line = line, Pages = { PageOf(words) } });
                break;
            case "kvm_mmu_spte_requested":
                last!.Requested = (Hex(After(words, "gfn")), (int)Hex(After(words, "level")));
                break;
            case "kvm_mmu_set_spte":
                last!.Sptes.Add(SpteOf(words));
                break;
            case "tracing_mark_write":
                steps.Add(new KvmStep { Kind = KvmStepKind.Mark, Line = line, Mark = text });
                break;
            default:
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"line {line}: unknown event {kind}"));
        }
    }

    // "sp gen 0 gfn 10 l4 8-byte q0 direct wux nxe ad root 0 sync new"
    private static KvmPage PageOf(string[] words)
    {
        int at = Array.IndexOf(words, "gfn") + 1;
        bool direct = words[at + 4] == "direct";
        string access = words[at + (direct ? 5 : 4)];
        return new KvmPage(
            Hex(words[at]), words[at + 1][1] - '0', words[at + 2][0] - '0', words[at + 3][1] - '0', direct, access,
            Array.IndexOf(words, "unsync") >= 0, words[^1] == "new");
    }

    // "gfn 8 spte 9408a21 (r-x-) level 1 at 2254040"
    private static KvmSpte SpteOf(string[] words) => new(
        Hex(After(words, "gfn")), Hex(After(words, "spte")), words[4].Trim('(', ')'), (int)Hex(After(words, "level")),
        (int)(Hex(After(words, "at")) & 0xFFF) / 8);

    private static string After(string[] words, string name) => words[Array.IndexOf(words, name) + 1];

    private static ulong Hex(string text) => ulong.Parse(
        text.StartsWith("0x", StringComparison.Ordinal) ? text.AsSpan(2) : text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
