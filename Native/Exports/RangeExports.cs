// Exports: what the VMM asks of ranges of guest memory.
using System;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Native.Abi;
using Mmu.Vm;

namespace Mmu.Native.Exports;

/// <summary>
/// Ranges of guest memory. Any thread, several at a time; not a thread that has a vCPU of the VM in guest, and not a callback. Ranges are whole pages
/// below 2^40; parts outside every slot are passed over.
/// </summary>
internal static unsafe class RangeExports
{
    /// <summary>
    /// Removes every mapping of a range. When it returns no processor uses them, and no frame that the resolve callback answered for the range before
    /// is mapped any more or will be: let it answer anew first.
    /// </summary>
    /// <param name="vm">The VM.</param>
    /// <param name="start">First guest physical address; a multiple of 4096.</param>
    /// <param name="bytes">Size in bytes; a multiple of 4096.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_unmap_range")]
    internal static Status UnmapRange(VmHandle vm, ulong start, ulong bytes, uint addressSpace) =>
        Do(vm, start, bytes, addressSpace, static (vm, first, bytes, space) => vm.UnmapRange(first, bytes, space));

    /// <summary>Removes mappings of a range, and tables that shadow guest tables in it.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="start">First guest physical address; a multiple of 4096.</param>
    /// <param name="bytes">Size in bytes; a multiple of 4096.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_zap_range")]
    internal static Status ZapRange(VmHandle vm, ulong start, ulong bytes, uint addressSpace) =>
        Do(vm, start, bytes, addressSpace, static (vm, first, bytes, space) => vm.ZapRange(first, bytes, space));

    /// <summary>Takes write access from all mappings of a range, for dirty logging: the next write to each page faults.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="start">First guest physical address; a multiple of 4096.</param>
    /// <param name="bytes">Size in bytes; a multiple of 4096.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_write_protect")]
    internal static Status WriteProtect(VmHandle vm, ulong start, ulong bytes, uint addressSpace) =>
        Do(vm, start, bytes, addressSpace, static (vm, first, bytes, space) => vm.WriteProtect(first, bytes, space));

    /// <summary>Removes small mappings of a range where a huge page could be mapped instead.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="start">First guest physical address; a multiple of 4096.</param>
    /// <param name="bytes">Size in bytes; a multiple of 4096.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_zap_collapsible")]
    internal static Status ZapCollapsible(VmHandle vm, ulong start, ulong bytes, uint addressSpace) =>
        Do(vm, start, bytes, addressSpace, static (vm, first, bytes, space) => vm.ZapCollapsible(first, bytes, space));

    /// <summary>Clears the accessed bits of all mappings of a range. TLBs are not flushed, so a page may be used once more unseen.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="start">First guest physical address; a multiple of 4096.</param>
    /// <param name="bytes">Size in bytes; a multiple of 4096.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <param name="accessed">Receives whether one was set: a page was used since the last time.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_age")]
    internal static Status Age(VmHandle vm, ulong start, ulong bytes, uint addressSpace, uint* accessed) =>
        accessed == null ? Failure.OfNull(nameof(accessed))
            : Ask(vm, start, bytes, addressSpace, accessed, static (vm, first, bytes, space) => vm.Age(first, bytes, space));

    /// <summary>Tells whether a mapping of a range has its accessed bit set; changes nothing.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="start">First guest physical address; a multiple of 4096.</param>
    /// <param name="bytes">Size in bytes; a multiple of 4096.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <param name="accessed">Receives whether one has.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_test_age")]
    internal static Status TestAge(VmHandle vm, ulong start, ulong bytes, uint addressSpace, uint* accessed) =>
        accessed == null ? Failure.OfNull(nameof(accessed))
            : Ask(vm, start, bytes, addressSpace, accessed, static (vm, first, bytes, space) => vm.TestAge(first, bytes, space));

    /// <summary>Splits huge mappings of a range into mappings of 4 KiB.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="start">First guest physical address; a multiple of 4096.</param>
    /// <param name="bytes">Size in bytes; a multiple of 4096.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <param name="complete">Receives 0 if memory ran out half-way.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_split_huge_pages")]
    internal static Status SplitHugePages(VmHandle vm, ulong start, ulong bytes, uint addressSpace, uint* complete) =>
        complete == null ? Failure.OfNull(nameof(complete))
            : Ask(vm, start, bytes, addressSpace, complete, static (vm, first, bytes, space) => vm.SplitHugePages(first, bytes, space));

    private static Status Do(VmHandle vm, ulong start, ulong bytes, uint addressSpace, Action<MmuVm, Gpa, ulong, int> work) =>
        VmCall.Do(vm, (start, bytes, addressSpace, work), static (vm, a) =>
        {
            a.work(vm, new Gpa(a.start), a.bytes, Space.Of(a.addressSpace));
            return Status.Ok;
        });

    private static Status Ask(VmHandle vm, ulong start, ulong bytes, uint addressSpace, uint* answer, Func<MmuVm, Gpa, ulong, int, bool> work) =>
        VmCall.Do(vm, (start, bytes, addressSpace, work, new Ptr<uint>(answer)), static (vm, a) =>
        {
            *a.Item5.Value = a.work(vm, new Gpa(a.start), a.bytes, Space.Of(a.addressSpace)) ? 1u : 0;
            return Status.Ok;
        });
}
