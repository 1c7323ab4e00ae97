// Exports: memory slots.
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Guest;
using Mmu.Native.Abi;

namespace Mmu.Native.Exports;

/// <summary>
/// Guest memory: which ranges there are. Any thread, several at a time; not a thread that has a vCPU of the VM in guest, and not a callback.
/// </summary>
internal static unsafe class SlotExports
{
    /// <summary>Adds a slot. Guests see it when the function returns, or earlier.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="slot">The slot.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_add_slot")]
    internal static Status Add(VmHandle vm, [In] AbiSlot* slot) => VmCall.DoRecord(vm, new Ptr<AbiSlot>(slot), static (record, slot) =>
    {
        Status status = Sized.Read(slot.Value, out AbiSlot given);
        if (status != Status.Ok)
        {
            return status;
        }

        if ((given.Flags & ~(SlotBits.ReadOnly | SlotBits.Resolved | SlotBits.Device | SlotBits.ExecuteOnly | SlotBits.HostFrame)) != 0)
        {
            return Failure.Of(Status.ErrorArgument, "mmu_slot.flags has bits set that have no meaning.");
        }

        if ((given.Flags & SlotBits.Resolved) != 0 && !record.Host.CanResolve)
        {
            return Failure.Of(Status.ErrorArgument, "A slot with MMU_SLOT_FLAGS_RESOLVED needs mmu_host.resolve.");
        }

        SlotFlags flags = (SlotFlags)(given.Flags & ~SlotBits.HostFrame);
        Gpa start = new(given.Base);
        nuint memory = (nuint)given.HostAddress;
        record.Vm.AddSlot(
            (given.Flags & SlotBits.HostFrame) != 0
                ? new MemorySlot(start, given.Size, memory, new Pfn(given.HostFrame), flags)
                : new MemorySlot(start, given.Size, memory, flags),
            Space.Of(given.AddressSpace));
        return Status.Ok;
    }, Status.ErrorNoRoom);

    /// <summary>
    /// Removes a slot. When the function returns nothing of the library uses its memory, save a mmu_translate outside the guest that began before.
    /// Waits for vCPUs in guest that the flush callback does not reach.
    /// </summary>
    /// <param name="vm">The VM.</param>
    /// <param name="base">Its first guest physical address.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_remove_slot")]
    internal static Status Remove(VmHandle vm, ulong @base, uint addressSpace) => VmCall.Do(vm, (@base, addressSpace), static (vm, a) =>
    {
        vm.RemoveSlot(new Gpa(a.@base), Space.Of(a.addressSpace));
        return Status.Ok;
    });

    /// <summary>Moves a slot to another guest physical address; its memory stays where it is.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="from">Its first guest physical address.</param>
    /// <param name="to">Its new one; the new place may overlap the old one.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_move_slot")]
    internal static Status Move(VmHandle vm, ulong from, ulong to, uint addressSpace) => VmCall.Do(vm, (from, to, addressSpace), static (vm, a) =>
    {
        vm.MoveSlot(new Gpa(a.from), new Gpa(a.to), Space.Of(a.addressSpace));
        return Status.Ok;
    }, Status.ErrorNoRoom);
}
