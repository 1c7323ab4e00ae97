// Exports: who tells dirty logs of writes, and their rings.
using System;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Native.Abi;

namespace Mmu.Native.Exports;

/// <summary>
/// Written pages: those that the VMM tells of, and those in the rings of vCPUs. Any thread, several at a time; not a thread that has a vCPU of the VM in
/// guest, and not a callback.
/// </summary>
internal static unsafe class DirtyPageExports
{
    private const int PagesAtOnce = 64;

    /// <summary>Tells dirty logs of stores that the library cannot see, a device's above all. After the stores; mmu_vm_guest_wrote tells them too.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="gpa">First guest physical address.</param>
    /// <param name="bytes">Size in bytes.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_mark_dirty")]
    internal static Status Mark(VmHandle vm, ulong gpa, ulong bytes, uint addressSpace) => VmCall.Do(vm, (gpa, bytes, addressSpace), static (vm, a) =>
    {
        vm.MarkDirty(new Gpa(a.gpa), a.bytes, Space.Of(a.addressSpace));
        return Status.Ok;
    });

    /// <summary>
    /// Takes pages from the dirty rings of all vCPUs. Call mmu_vm_reset_dirty_rings afterwards, then read the pages. What no vCPU wrote and what found a full
    /// ring is in the bitmap of the log: harvest that too.
    /// </summary>
    /// <param name="vm">The VM.</param>
    /// <param name="pages">Receives the pages. struct_size of the first is set: it is that of all.</param>
    /// <param name="capacity">Room for so many.</param>
    /// <param name="count">Receives how many there are; as many as capacity: there may be more.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_take_dirty_pages")]
    internal static Status TakePages(VmHandle vm, AbiDirtyPage* pages, uint capacity, uint* count) => count == null ? Failure.OfNull(nameof(count))
        : VmCall.DoRecord(vm, (new Ptr<AbiDirtyPage>(pages), capacity, new Ptr<uint>(count)), static (record, a) =>
        {
            Status status = Sized.Check(a.Item1.Value);
            if (status != Status.Ok)
            {
                return status;
            }

            Span<AbiDirtyPage> found = stackalloc AbiDirtyPage[PagesAtOnce];
            uint done = 0;
            int taken;
            do
            {
                taken = record.TakeDirtyPages(found[..(int)Math.Min(a.capacity - done, PagesAtOnce)]);
                foreach (AbiDirtyPage page in found[..taken])
                {
                    Sized.WriteAt(a.Item1.Value, done++, page);
                }
            }
            while (taken == PagesAtOnce && done < a.capacity);

            *a.Item3.Value = done;
            return Status.Ok;
        });

    /// <summary>Frees what was taken from the dirty rings, and makes its pages show again.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="count">Receives how many entries were freed.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_reset_dirty_rings")]
    internal static Status ResetRings(VmHandle vm, uint* count) => count == null ? Failure.OfNull(nameof(count))
        : VmCall.Do(vm, new Ptr<uint>(count), static (vm, count) =>
        {
            *count.Value = (uint)vm.ResetDirtyRings();
            return Status.Ok;
        });

    /// <summary>
    /// Hands over the pages that the processor has noted while it ran the vCPU (Intel SDM "Page-Modification Logging"): after each exit, before anything is
    /// harvested. The vCPU's thread; the vCPU is not in guest.
    /// </summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="addresses">Guest physical addresses, anywhere in their pages.</param>
    /// <param name="count">How many there are; below 2^31.</param>
    /// <param name="logged">Receives how many are in slots that have a dirty log.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_drain_dirty_pages")]
    internal static Status Drain(VcpuHandle vcpu, [In] ulong* addresses, uint count, uint* logged) =>
        addresses == null ? Failure.OfNull(nameof(addresses)) : logged == null ? Failure.OfNull(nameof(logged))
            : count > int.MaxValue ? Failure.Of(Status.ErrorArgument, "count is 2^31 or more.")
            : VcpuCall.Outside(vcpu, (new Ptr<ulong>(addresses), count, new Ptr<uint>(logged)), static (record, a) =>
            {
                *a.Item3.Value = (uint)record.Vcpu.DrainDirtyPages(new ReadOnlySpan<ulong>(a.Item1.Value, (int)a.count));
                return Status.Ok;
            });
}
