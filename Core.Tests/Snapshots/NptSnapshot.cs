// Snapshot tests: the guest that KVM ran inside the snapshot kvm-npt-l, its tables and the nested page tables that KVM built.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Vmm.Images;
using Mmu.Walk;

namespace Mmu.Tests.Snapshots;

/// <summary>The L2 guest of kvm-npt-l. Its physical frames are called guest frames here, those of the machine below host frames.</summary>
internal sealed class NptSnapshot : IDisposable
{
    private const string Name = "kvm-npt-l";

    private readonly TableMemory _memory;
    private readonly JsonElement _vmcb;
    private readonly PagingRoot _host;

    public NptSnapshot()
    {
        using GuestImage image = ImageOpener.Open(SnapshotData.PathOf(Name, "pagetables.bin.gz"), new RootOptions());
        _host = image.Roots[0];
        _vmcb = JsonDocument.Parse(File.ReadAllText(SnapshotData.PathOf(Name, "vmcb.json"))).RootElement[0];
        HostFrames = File.ReadLines(SnapshotData.PathOf(Name, "gpa2hpa.txt"))
            .Select(l => l.Split(' '))
            .ToDictionary(w => Hex(w[0]), w => Hex(w[1]));
        SortedSet<ulong> pages = TableScan.Run(image.Pages, _host with { Cr3 = Vmcb("ncr3") }).Tables;
        using var guestPages = JsonDocument.Parse(File.ReadAllText(SnapshotData.PathOf(Name, "l2pages.json")));
        pages.UnionWith(guestPages.RootElement.EnumerateArray().Select(p => Hex(p.GetString()!)));
        _memory = TableMemory.Load(image.Pages, pages);
    }

    /// <summary>Gets where each guest frame lies in the host, as the host's own tables say.</summary>
    public Dictionary<ulong, ulong> HostFrames { get; }

    /// <summary>Gets every leaf of the tables KVM built: guest address, entry, level, address of the entry.</summary>
    public static IEnumerable<(ulong Gpa, ulong Entry, int Level, ulong EntryAddress)> KvmLeaves =>
        File.ReadLines(SnapshotData.PathOf(Name, "kvm_tables_0x258e000.txt"))
            .Where(l => !l.StartsWith('#'))
            .Select(l => l.Split(' '))
            .Select(w => (Hex(w[0]), Hex(w[1]), int.Parse(w[2], CultureInfo.InvariantCulture), Hex(w[3])));

    /// <summary>Gets the control state of the guest as it ran.</summary>
    public ControlState RunningState => new() { Cr0 = Vmcb("cr0"), Cr3 = Vmcb("cr3"), Cr4 = Vmcb("cr4"), Efer = Vmcb("efer") };

    /// <summary>Gets the nested tables that KVM built, and the machine's state that they depend on.</summary>
    public NptControl Nested => new() { NestedCr3 = Vmcb("ncr3"), HostCr4 = _host.Cr4, HostEfer = _host.Efer };

    /// <summary>Gets the ASID that the guest ran with.</summary>
    public ushort Asid => (ushort)_vmcb.GetProperty("asid").GetInt32();

    /// <summary>Gets the machine's memory, as far as it is there.</summary>
    public IEnumerable<MemorySlot> Slots => _memory.Runs.Select(run => new MemorySlot(new Gpa(run.Gpa), run.Size, (nuint)run.Host));

    /// <summary>Returns a walker of the guest as it ran.</summary>
    public GuestWalker RunningGuest() => Walker(RunningState);

    /// <summary>Returns a walker of the guest with paging off, whose linear addresses are physical: the nested tables alone.</summary>
    public GuestWalker UnpagedGuest() => Walker(new ControlState());

    /// <summary>Returns the leaves of the guest's own tables, read entry by entry without a walker.</summary>
    public List<(ulong Gva, ulong Gpa, ulong Size)> GuestLeaves()
    {
        var leaves = new List<(ulong, ulong, ulong)>();
        AddLeaves(leaves, Vmcb("cr3"), 4, 0);
        return leaves;
    }

    /// <summary>Returns the host address of a guest-physical one; null if the guest has no memory there.</summary>
    public ulong? HostOf(ulong gpa) => HostFrames.TryGetValue(gpa & ~0xfffUL, out ulong frame) ? frame | (gpa & 0xfff) : null;

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static ulong Hex(string text)
    {
        ReadOnlySpan<char> digits = text.StartsWith("0x", StringComparison.Ordinal) ? text.AsSpan(2) : text;
        return ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    private void AddLeaves(List<(ulong Gva, ulong Gpa, ulong Size)> leaves, ulong table, int level, ulong gva)
    {
        for (uint i = 0; i < 512; i++)
        {
            ulong entry = Load(HostOf(table + (i * 8))!.Value);
            ulong size = 1UL << (12 + (9 * (level - 1)));
            ulong at = gva + (i * size);
            ulong frame = entry & 0x000f_ffff_ffff_f000;
            if ((entry & 1) == 0)
            {
                continue;
            }

            if (level == 1 || (entry & 0x80) != 0)
            {
                leaves.Add((at, frame, size));
            }
            else
            {
                AddLeaves(leaves, frame, level - 1, at);
            }
        }
    }

    private unsafe ulong Load(ulong hpa)
    {
        TableRun run = _memory.Runs.Single(r => hpa - r.Gpa < r.Size);
        return *(ulong*)(run.Host + (nint)(hpa - run.Gpa));
    }

    private GuestWalker Walker(ControlState state)
    {
        GuestMemory slots = new();
        foreach (MemorySlot slot in Slots)
        {
            slots.AddSlot(slot);
        }

        GuestWalker walker = new(slots, new CpuFeatures { Vendor = CpuVendor.Amd });
        ControlStateStatus status = walker.SetControlState(state, Nested);
        return status == ControlStateStatus.Legal ? walker : throw new InvalidOperationException($"the snapshot is refused: {status}");
    }

    private ulong Vmcb(string register) => Hex(_vmcb.GetProperty(register).GetString()!);
}
