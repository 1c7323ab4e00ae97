// Native: a call to a vCPU.
using System;
using System.Diagnostics.CodeAnalysis;
using Mmu.Native.Abi;
using Mmu.Native.Handles;

namespace Mmu.Native;

/// <summary>Calls to a vCPU: its handle and thread are checked, and no exception leaves.</summary>
internal static class VcpuCall
{
    private delegate bool Entering(VcpuHandle handle, out VcpuRecord record, out Status status);

    /// <summary>Calls a vCPU that is not in guest.</summary>
    /// <param name="handle">The vCPU.</param>
    /// <param name="arguments">Handed to <paramref name="work"/>.</param>
    /// <param name="work">What to do.</param>
    /// <param name="invalidOperation">What an invalid operation means here.</param>
    internal static Status Outside<T>(VcpuHandle handle, T arguments, Func<VcpuRecord, T, Status> work, Status invalidOperation = Status.ErrorHost) =>
        Do(VcpuRecord.TryEnterOutside, handle, arguments, work, invalidOperation);

    /// <summary>Calls a vCPU that is in guest or not.</summary>
    /// <inheritdoc cref="Outside"/>
    internal static Status Anywhere<T>(VcpuHandle handle, T arguments, Func<VcpuRecord, T, Status> work) =>
        Do(VcpuRecord.TryEnter, handle, arguments, work, Status.ErrorState);

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception may reach the C side.")]
    private static Status Do<T>(Entering enter, VcpuHandle handle, T arguments, Func<VcpuRecord, T, Status> work, Status invalidOperation)
    {
        try
        {
            if (!enter(handle, out VcpuRecord record, out Status status))
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
