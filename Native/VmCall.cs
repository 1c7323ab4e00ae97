// Native: a call to a VM.
using System;
using System.Diagnostics.CodeAnalysis;
using Mmu.Native.Abi;
using Mmu.Native.Handles;
using Mmu.Vm;

namespace Mmu.Native;

/// <summary>Calls to a VM: its handle is checked, and no exception leaves.</summary>
internal static class VmCall
{
    /// <summary>Calls a VM.</summary>
    /// <param name="handle">The VM.</param>
    /// <param name="arguments">Handed to <paramref name="work"/>.</param>
    /// <param name="work">What to do.</param>
    /// <param name="invalidOperation">What an invalid operation means here.</param>
    internal static Status Do<T>(VmHandle handle, T arguments, Func<MmuVm, T, Status> work, Status invalidOperation = Status.ErrorState) =>
        DoRecord(handle, (arguments, work), static (record, a) => a.work(record.Vm, a.arguments), invalidOperation);

    /// <summary>Calls a VM for work that needs its record.</summary>
    /// <inheritdoc cref="Do"/>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception may reach the C side.")]
    internal static Status DoRecord<T>(VmHandle handle, T arguments, Func<VmRecord, T, Status> work, Status invalidOperation = Status.ErrorState)
    {
        try
        {
            Status status = VmRecord.Enter(handle, out VmRecord record);
            if (status != Status.Ok)
            {
                return status;
            }

            try
            {
                return work(record, arguments);
            }
            finally
            {
                record.Exit();
            }
        }
        catch (Exception exception)
        {
            return Failure.Of(exception, invalidOperation);
        }
    }
}
