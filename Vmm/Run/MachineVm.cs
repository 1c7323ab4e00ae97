// Vmm.Run: the library's VM of a monitor: its tables and its guest's memory, where the processor finds them.
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Vm;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Vmm.Run;

/// <summary>Makes VMs over the second copy of guest memory (<see cref="HostLayout"/>).</summary>
internal static class MachineVm
{
    /// <summary>Makes a VM with guest memory and no vCPU.</summary>
    /// <param name="memory">Physical memory.</param>
    /// <param name="processor">The processor that walks the tables.</param>
    /// <param name="host">The monitor.</param>
    /// <param name="tdp">Nested tables; null for shadow tables.</param>
    internal static MmuVm Create(HostMemory memory, IProcessor processor, IMmuHost host, TdpOptions? tdp = null)
    {
        MmuVm vm = MmuVm.Create(
            new MmuVmOptions
            {
                Features = processor.Features,
                TableBacking = TableBacking.Memory(memory.Address + (nuint)HostLayout.Arena),
                TablePages = HostLayout.ArenaPages,
                FirstTableFrame = new Pfn(HostLayout.Arena >> 12),
                HostPhysicalAddressBits = processor.Features.PhysicalAddressBits,
                MaxVcpus = 1,
                Tdp = tdp,
            },
            host);
        ulong bytes = GuestBytes(memory);
        ulong at = HostLayout.ShadowedMemory(bytes);
        vm.AddSlot(new MemorySlot(new Gpa(HostLayout.GuestMemory), bytes, memory.Address + (nuint)at, new Pfn(at >> 12), SlotFlags.None));
        return vm;
    }

    /// <summary>Size of guest memory, of which there are two copies.</summary>
    internal static ulong GuestBytes(HostMemory memory) => (memory.Bytes - HostLayout.GuestMemory) / 2;
}
