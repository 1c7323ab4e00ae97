// Native: a call to a vCPU.
using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Mmu.Architecture;
using Mmu.Native.Abi;
using Mmu.Native.Handles;

namespace Mmu.Native;

/// <summary>Calls to a vCPU: its handle and thread are checked, and no exception leaves.</summary>
internal static class VcpuCall
{
    private delegate VcpuRecord? Entering(VcpuHandle handle, out Status status);

    /// <summary>Calls a vCPU that is not in guest.</summary>
    /// <param name="handle">The vCPU.</param>
    /// <param name="arguments">Handed to <paramref name="work"/>.</param>
    /// <param name="work">What to do.</param>
    /// <param name="invalidOperation">What an invalid operation means here.</param>
    internal static Status Outside<T>(VcpuHandle handle, T arguments, Func<VcpuRecord, T, Status> work, Status invalidOperation = Status.ErrorHost) =>
        Do(VcpuRecord.EnterOutside, handle, arguments, work, invalidOperation);

    /// <summary>Calls a vCPU that is in guest or not.</summary>
    /// <inheritdoc cref="Outside"/>
    internal static Status Anywhere<T>(VcpuHandle handle, T arguments, Func<VcpuRecord, T, Status> work) =>
        Do(VcpuRecord.Enter, handle, arguments, work, Status.ErrorState);

    /// <summary>
    /// The checks of the calls that are made for every access: no delegate, and nothing that is not inlined. Followed by <see cref="VcpuRecord.Release"/>.
    /// </summary>
    /// <returns>The vCPU; null with the reason in <paramref name="status"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static unsafe VcpuRecord? BeginAccess(VcpuHandle handle, AccessBits bits, AbiWalk* walk, out Access access, out Status status)
    {
        if (!Accesses.TryConvert(bits, out access))
        {
            status = Accesses.Refuse();
            return null;
        }

        // The usual size first, so that the check costs a compare.
        status = walk != null && walk->StructSize == sizeof(AbiWalk) ? Status.Ok : Sized.Check(walk);
        return status == Status.Ok ? VcpuRecord.Enter(handle, out status) : null;
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception may reach the C side.")]
    private static Status Do<T>(Entering enter, VcpuHandle handle, T arguments, Func<VcpuRecord, T, Status> work, Status invalidOperation)
    {
        try
        {
            VcpuRecord? record = enter(handle, out Status status);
            if (record is null)
            {
                return status;
            }

            try
            {
                return work(record, arguments);
            }
            finally
            {
                record.Release();
            }
        }
        catch (Exception exception)
        {
            return Failure.Of(exception, invalidOperation);
        }
    }
}
