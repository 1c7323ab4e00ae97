// Exports: guest memory's contents.
using System;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Native.Abi;

namespace Mmu.Native.Exports;

/// <summary>
/// Guest memory: what is in it. Any thread, several at a time; not a thread that has a vCPU of the VM in guest, and not a callback.
/// </summary>
internal static unsafe class MemoryExports
{
    /// <summary>Reads guest memory. Nothing is copied unless all of it lies in slots.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="gpa">First guest physical address.</param>
    /// <param name="buffer">Receives the bytes.</param>
    /// <param name="size">How many; below 2^31.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <returns>MMU_ERROR_OUTSIDE_MEMORY if a byte lies outside every slot.</returns>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_read")]
    internal static Status Read(VmHandle vm, ulong gpa, void* buffer, ulong size, uint addressSpace) =>
        CheckBuffer(buffer, size) is var status && status != Status.Ok ? status
            : VmCall.Do(vm, (gpa, new Ptr<byte>((byte*)buffer), size, addressSpace), static (vm, a) =>
                vm.TryRead(new Gpa(a.gpa), new Span<byte>(a.Item2.Value, (int)a.size), Space.Of(a.addressSpace))
                    ? Status.Ok
                    : Failure.Of(Status.ErrorOutsideMemory, "A byte lies outside every slot."));

    /// <summary>Writes guest memory and announces the store. Nothing is written unless all of it lies in writable slots.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="gpa">First guest physical address.</param>
    /// <param name="buffer">The bytes.</param>
    /// <param name="size">How many; below 2^31.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <returns>MMU_ERROR_OUTSIDE_MEMORY if a byte lies outside every writable slot.</returns>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_write")]
    internal static Status Write(VmHandle vm, ulong gpa, [In] void* buffer, ulong size, uint addressSpace) =>
        CheckBuffer(buffer, size) is var status && status != Status.Ok ? status
            : VmCall.Do(vm, (gpa, new Ptr<byte>((byte*)buffer), size, addressSpace), static (vm, a) =>
                vm.TryWrite(new Gpa(a.gpa), new ReadOnlySpan<byte>(a.Item2.Value, (int)a.size), Space.Of(a.addressSpace))
                    ? Status.Ok
                    : Failure.Of(Status.ErrorOutsideMemory, "A byte lies outside every writable slot."));

    /// <summary>
    /// Compares and exchanges a value, as a locked instruction of the guest would, and announces the store if it was made. Nothing is written unless all of it
    /// lies in writable slots.
    /// </summary>
    /// <param name="vm">The VM.</param>
    /// <param name="gpa">Its first guest physical address, at any alignment.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="expected">The value that must be there; bits above size do not count.</param>
    /// <param name="value">The value to put there.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <param name="exchanged">Receives whether it was exchanged.</param>
    /// <returns>MMU_ERROR_OUTSIDE_MEMORY if a byte lies outside every writable slot.</returns>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_compare_exchange")]
    internal static Status CompareExchange(VmHandle vm, ulong gpa, uint size, ulong expected, ulong value, uint addressSpace, uint* exchanged) =>
        exchanged == null ? Failure.OfNull(nameof(exchanged))
            : VmCall.Do(vm, (gpa, size, expected, value, addressSpace, new Ptr<uint>(exchanged)), static (vm, a) =>
            {
                Gpa gpa = new(a.gpa);
                int space = Space.Of(a.addressSpace);
                bool done = false;
                bool holds = a.size switch
                {
                    1 => vm.TryCompareExchange(gpa, (byte)a.expected, (byte)a.value, out done, space),
                    2 => vm.TryCompareExchange(gpa, (ushort)a.expected, (ushort)a.value, out done, space),
                    4 => vm.TryCompareExchange(gpa, (uint)a.expected, (uint)a.value, out done, space),
                    8 => vm.TryCompareExchange(gpa, a.expected, a.value, out done, space),
                    _ => throw new ArgumentException("size is not 1, 2, 4 or 8."),
                };
                *a.Item6.Value = done ? 1u : 0;
                return holds ? Status.Ok : Failure.Of(Status.ErrorOutsideMemory, "A byte lies outside every writable slot.");
            });

    /// <summary>
    /// Announces a store to guest memory by anyone but a processor that walks the tables: an instruction emulator, a device. Called after it.
    /// </summary>
    /// <param name="vm">The VM.</param>
    /// <param name="gpa">First guest physical address.</param>
    /// <param name="size">Size in bytes; below 2^31.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_guest_wrote")]
    internal static Status GuestWrote(VmHandle vm, ulong gpa, ulong size, uint addressSpace) =>
        size > int.MaxValue ? Failure.Of(Status.ErrorArgument, "size is 2^31 or more.")
            : VmCall.Do(vm, (gpa, size, addressSpace), static (vm, a) =>
            {
                vm.GuestWrote(new Gpa(a.gpa), (int)a.size, Space.Of(a.addressSpace));
                return Status.Ok;
            });

    /// <summary>Tracks the writes to a frame: each ends in MMU_FAULT_OUTCOME_WRITE_PROTECTED until they are untracked as often.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="gpa">An address in the frame.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_track_writes")]
    internal static Status TrackWrites(VmHandle vm, ulong gpa, uint addressSpace) => VmCall.Do(vm, (gpa, addressSpace), static (vm, a) =>
    {
        vm.TrackWrites(new Gpa(a.gpa), Space.Of(a.addressSpace));
        return Status.Ok;
    });

    /// <summary>Takes one mmu_vm_track_writes back.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="gpa">An address in the frame.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_untrack_writes")]
    internal static Status UntrackWrites(VmHandle vm, ulong gpa, uint addressSpace) => VmCall.Do(vm, (gpa, addressSpace), static (vm, a) =>
    {
        vm.UntrackWrites(new Gpa(a.gpa), Space.Of(a.addressSpace));
        return Status.Ok;
    });

    private static Status CheckBuffer(void* buffer, ulong size) =>
        size > int.MaxValue ? Failure.Of(Status.ErrorArgument, "size is 2^31 or more.")
            : buffer == null && size != 0 ? Failure.OfNull(nameof(buffer))
            : Status.Ok;
}
