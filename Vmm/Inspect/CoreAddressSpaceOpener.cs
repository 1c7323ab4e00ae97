// Vmm: opens address spaces on Core's walker.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Vmm.Images;
using Mmu.Walk;

namespace Mmu.Vmm.Inspect;

/// <summary>Puts table pages into slots and control state into a walker.</summary>
internal sealed class CoreAddressSpaceOpener : IAddressSpaceOpener
{
    /// <inheritdoc/>
    public IAddressSpace Open(TableMemory tables, PagingRoot root, CpuModel cpu, WalkBudget budget)
    {
        GuestMemory memory = new();
        foreach (TableRun run in tables.Runs)
        {
            memory.AddSlot(new MemorySlot(new Gpa(run.Gpa), run.Size, (nuint)run.Host, SlotFlags.ReadOnly));
        }

        GuestWalker walker = new(memory, new CpuFeatures
        {
            Vendor = cpu.IsAmd ? CpuVendor.Amd : CpuVendor.Intel,
            PhysicalAddressBits = cpu.MaxPhyAddr,
        });
        ControlState state = new() { Cr0 = root.Cr0, Cr3 = root.Cr3, Cr4 = root.Cr4, Efer = root.Efer };
        ControlStateStatus status = walker.SetControlState(state);
        string? refused = status == ControlStateStatus.Legal ? null : $"a CPU refuses this control state: {Words(status)}";
        return new CoreAddressSpace(walker, root.Levels, refused, budget);
    }

    private static string Words(ControlStateStatus status) => status switch
    {
        ControlStateStatus.UnsupportedFeature => "CR0, CR4 or EFER has an unknown bit",
        ControlStateStatus.IllegalCombination => "CR0, CR4 and EFER do not fit together",
        ControlStateStatus.Cr3Reserved => "CR3 has a reserved bit",
        ControlStateStatus.PdpteReserved => "a PDPTE has a reserved bit",
        ControlStateStatus.PdptesUnreachable => "the PDPTEs are not in the image",
        _ => status.ToString(),
    };
}
