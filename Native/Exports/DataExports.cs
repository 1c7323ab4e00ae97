// Exports: data at linear addresses, for instruction emulators.
using System;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Native.Abi;
using Mmu.Walk;

namespace Mmu.Native.Exports;

/// <summary>
/// Data at linear addresses, for instruction emulators: every page is translated before a byte moves. One thread at a time for each vCPU, in guest or not;
/// slots must not be removed meanwhile unless it is in guest.
/// </summary>
internal static unsafe class DataExports
{
    /// <summary>Reads.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="address">First linear address.</param>
    /// <param name="buffer">Receives the bytes.</param>
    /// <param name="size">How many; below 2^31.</param>
    /// <param name="how">Flags of the access: USER, IMPLICIT, ALIGNMENT_CHECK.</param>
    /// <param name="walk">Receives the fault of the first page that has one; its struct_size is set.</param>
    /// <returns>MMU_ERROR_OUTSIDE_MEMORY if nothing was read, for the reason in walk.</returns>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_read")]
    internal static Status Read(VcpuHandle vcpu, ulong address, void* buffer, ulong size, AccessBits how, AbiWalk* walk) =>
        Check(buffer, size, how, walk) is var status && status != Status.Ok ? status
            : VcpuCall.Anywhere(vcpu, (address, new Ptr<byte>((byte*)buffer), size, how, new Ptr<AbiWalk>(walk)), static (record, a) =>
            {
                Span<byte> bytes = new(a.Item2.Value, (int)a.size);
                bool done = record.Walker.TryRead(new Gva(a.address), bytes, out WalkResult result, (AccessFlags)a.how);
                return Answer(done, result, a.Item5.Value);
            });

    /// <summary>Writes. The store is not announced: tell mmu_vm_guest_wrote afterwards, or use mmu_vm_write.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="address">First linear address.</param>
    /// <param name="buffer">The bytes.</param>
    /// <param name="size">How many; below 2^31.</param>
    /// <param name="how">Flags of the access: USER, IMPLICIT, ALIGNMENT_CHECK.</param>
    /// <param name="walk">Receives the fault of the first page that has one; its struct_size is set.</param>
    /// <returns>MMU_ERROR_OUTSIDE_MEMORY if nothing was written, for the reason in walk.</returns>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_write")]
    internal static Status Write(VcpuHandle vcpu, ulong address, [In] void* buffer, ulong size, AccessBits how, AbiWalk* walk) =>
        Check(buffer, size, how, walk) is var status && status != Status.Ok ? status
            : VcpuCall.Anywhere(vcpu, (address, new Ptr<byte>((byte*)buffer), size, how, new Ptr<AbiWalk>(walk)), static (record, a) =>
            {
                ReadOnlySpan<byte> bytes = new(a.Item2.Value, (int)a.size);
                bool done = record.Walker.TryWrite(new Gva(a.address), bytes, out WalkResult result, (AccessFlags)a.how);
                return Answer(done, result, a.Item5.Value);
            });

    /// <summary>Compares and exchanges a value, as a locked instruction of the guest would. Not announced, like a write.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="address">Its first linear address, at any alignment.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="expected">The value that must be there; bits above size do not count.</param>
    /// <param name="value">The value to put there.</param>
    /// <param name="how">Flags of the access: USER, IMPLICIT, ALIGNMENT_CHECK.</param>
    /// <param name="exchanged">Receives whether it was exchanged.</param>
    /// <param name="walk">Receives the fault of the first page that has one; its struct_size is set.</param>
    /// <returns>MMU_ERROR_OUTSIDE_MEMORY if nothing was compared, for the reason in walk.</returns>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_compare_exchange")]
    internal static Status CompareExchange(
        VcpuHandle vcpu, ulong address, uint size, ulong expected, ulong value, AccessBits how, uint* exchanged, AbiWalk* walk) =>
        exchanged == null ? Failure.OfNull(nameof(exchanged)) : Check(exchanged, size, how, walk) is var status && status != Status.Ok ? status
            : VcpuCall.Anywhere(vcpu, ((address, size, expected, value), how, new Ptr<uint>(exchanged), new Ptr<AbiWalk>(walk)), static (record, a) =>
            {
                bool done = Exchange(record.Walker, a.Item1, (AccessFlags)a.how, out bool exchanged, out WalkResult result);
                *a.Item3.Value = exchanged ? 1u : 0;
                return Answer(done, result, a.Item4.Value);
            });

    private static bool Exchange(
        GuestWalker walker, (ulong Address, uint Size, ulong Expected, ulong Value) a, AccessFlags how, out bool exchanged, out WalkResult result)
    {
        Gva address = new(a.Address);
        return a.Size switch
        {
            1 => walker.TryCompareExchange(address, (byte)a.Expected, (byte)a.Value, out exchanged, out result, how),
            2 => walker.TryCompareExchange(address, (ushort)a.Expected, (ushort)a.Value, out exchanged, out result, how),
            4 => walker.TryCompareExchange(address, (uint)a.Expected, (uint)a.Value, out exchanged, out result, how),
            8 => walker.TryCompareExchange(address, a.Expected, a.Value, out exchanged, out result, how),
            _ => throw new ArgumentException("size is not 1, 2, 4 or 8."),
        };
    }

    private static Status Check(void* buffer, ulong size, AccessBits how, AbiWalk* walk) =>
        size > int.MaxValue ? Failure.Of(Status.ErrorArgument, "size is 2^31 or more.")
            : buffer == null && size != 0 ? Failure.OfNull(nameof(buffer))
            : (how & ~(AccessBits.User | AccessBits.Implicit | AccessBits.AlignmentCheck)) != 0 ? Accesses.Refuse()
            : Sized.Check(walk);

    private static Status Answer(bool done, in WalkResult result, AbiWalk* walk)
    {
        Walks.Write(result, walk);
        return done ? Status.Ok : Failure.Of(Status.ErrorOutsideMemory, "A byte is not translated, or lies outside every slot; the walk says which.");
    }
}
