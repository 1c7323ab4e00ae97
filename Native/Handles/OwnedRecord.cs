// Handles: something of a VM's with a handle of its own.
using System;
using System.Diagnostics.CodeAnalysis;
using System.Threading;
using Mmu.Native.Abi;

namespace Mmu.Native.Handles;

/// <summary>
/// Something of a VM's with a handle of its own: a dirty log, a snapshot. One call at a time, by any thread; each counts as a call for the VM, so that nobody
/// destroys it meanwhile.
/// </summary>
internal abstract class OwnedRecord(VmRecord vm) : HandleRecord
{
    private int _isBusy;

    internal VmRecord Vm { get; } = vm;

    /// <summary>Makes the handle stale and lets go of what it stands for; within a call for it, or within the one that destroys the VM.</summary>
    internal abstract void End();

    /// <summary>Makes a call for a record that its handle led to.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception may reach the C side.")]
    internal static Status Call<TRecord, T>(TRecord? record, ulong handle, T arguments, Func<TRecord, T, Status> work)
        where TRecord : OwnedRecord
    {
        if (record is null)
        {
            return Stale();
        }

        try
        {
            Status status = record.Vm.Enter();
            if (status != Status.Ok)
            {
                return record.Handle == handle ? status : Stale();
            }

            try
            {
                return record.CallAlone(handle, arguments, work);
            }
            finally
            {
                record.Vm.Exit();
            }
        }
        catch (Exception exception)
        {
            return Failure.Of(exception, Status.ErrorState);
        }
    }

    private static Status Stale() => Failure.Of(Status.ErrorHandle, "The handle is not of this kind, or what it stood for was ended or its VM destroyed.");

    private Status CallAlone<TRecord, T>(ulong handle, T arguments, Func<TRecord, T, Status> work)
        where TRecord : OwnedRecord
    {
        if (Interlocked.Exchange(ref _isBusy, 1) != 0)
        {
            return Failure.Of(Status.ErrorBusy, "Another thread is in a call for it.");
        }

        try
        {
            return Handle == handle ? work((TRecord)this, arguments) : Stale();
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }
}
