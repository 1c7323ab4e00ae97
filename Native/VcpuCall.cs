// Native: a call to a vCPU.
using System;
using System.Diagnostics.CodeAnalysis;
using Mmu.Native.Abi;
using Mmu.Native.Handles;

namespace Mmu.Native;

/// <summary>Calls to a vCPU: its handle and thread are checked, and no exception leaves.</summary>
internal static class VcpuCall
{
    /// <summary>Calls a vCPU that is not in guest.</summary>
    /// <param name="handle">The vCPU.</param>
    /// <param name="arguments">Handed to <paramref name="work"/>.</param>
    /// <param name="work">What to do.</param>
    /// <param name="invalidOperation">What an invalid operation means here.</param>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception may reach the C side.")]
    internal static Status Outside<T>(VcpuHandle handle, T arguments, Func<VcpuRecord, T, Status> work, Status invalidOperation = Status.ErrorHost)
    {
        try
        {
            if (!VcpuRecord.TryEnterOutside(handle, out VcpuRecord record, out Status status))
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

    /// <summary>Calls a vCPU that is in guest or not.</summary>
    /// <inheritdoc cref="Outside"/>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception may reach the C side.")]
    internal static Status Anywhere<T>(VcpuHandle handle, T arguments, Func<VcpuRecord, T, Status> work)
    {
        try
        {
            if (!VcpuRecord.TryEnter(handle, out VcpuRecord record, out Status status))
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
            return Failure.Of(exception, Status.ErrorState);
        }
    }
}
