// Exports: walks of the guest's own tables.
using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Native.Abi;
using Mmu.Native.Handles;
using Mmu.Walk;

namespace Mmu.Native.Exports;

/// <summary>
/// Walks of the guest's own tables, for instruction emulation, introspection and debuggers. One thread at a time for each vCPU, in guest or not. What
/// they find is good while the vCPU is in guest, or no slot is being removed.
/// </summary>
internal static unsafe class WalkExports
{
    private const int Batch = 64;

    /// <summary>Translates an address for an access as the CPU would, and sets the accessed and dirty bits that the CPU would set.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="address">The linear address, with its tag if it has one.</param>
    /// <param name="access">The access.</param>
    /// <param name="walk">Receives the translation or the fault; its struct_size is set.</param>
    /// <returns>MMU_OK for faults too: the walk's outcome tells them apart.</returns>
    [UnmanagedCallersOnly(EntryPoint = "mmu_translate")]
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception may reach the C side.")]
    internal static Status Translate(VcpuHandle vcpu, ulong address, AccessBits access, AbiWalk* walk)
    {
        VcpuRecord? record = VcpuCall.BeginAccess(vcpu, access, walk, out Access converted, out Status status);
        if (record is null)
        {
            return status;
        }

        try
        {
            _ = record.Walker.Translate(new Gva(address), converted, out WalkResult result);
            Walks.Write(result, walk);
            return Status.Ok;
        }
        catch (Exception exception)
        {
            return Failure.Of(exception, Status.ErrorInternal);
        }
        finally
        {
            record.Release();
        }
    }

    /// <summary>As mmu_translate, but leaves guest memory untouched: for debuggers.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="address">The linear address, with its tag if it has one.</param>
    /// <param name="access">The access.</param>
    /// <param name="walk">Receives the translation or the fault; its struct_size is set.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_peek")]
    internal static Status Peek(VcpuHandle vcpu, ulong address, AccessBits access, AbiWalk* walk) =>
        VcpuCall.Anywhere(vcpu, (address, access, new Ptr<AbiWalk>(walk)), static (record, a) =>
        {
            Status status = Sized.Check(a.Item3.Value);
            if (status != Status.Ok)
            {
                return status;
            }

            if (!Accesses.TryConvert(a.access, out Access converted))
            {
                return Accesses.Refuse();
            }

            _ = record.Walker.Peek(new Gva(a.address), converted, out WalkResult result);
            Walks.Write(result, a.Item3.Value);
            return Status.Ok;
        });

    /// <summary>Translates many addresses for the same access, with several walks in flight.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="addresses">The linear addresses.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="access">The access.</param>
    /// <param name="walks">Receives one result an address. struct_size of the first is set: it is that of all.</param>
    /// <param name="translated">Receives how many were translated.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_translate_many")]
    internal static Status TranslateMany(
        VcpuHandle vcpu, [In] ulong* addresses, uint count, AccessBits access, AbiWalk* walks, uint* translated) =>
        addresses == null ? Failure.OfNull(nameof(addresses)) : translated == null ? Failure.OfNull(nameof(translated))
            : VcpuCall.Anywhere(vcpu, (new Ptr<ulong>(addresses), count, access, new Ptr<AbiWalk>(walks), new Ptr<uint>(translated)), static (record, a) =>
            {
                Status status = Sized.Check(a.Item4.Value);
                if (status != Status.Ok)
                {
                    return status;
                }

                if (!Accesses.TryConvert(a.access, out Access converted))
                {
                    return Accesses.Refuse();
                }

                *a.Item5.Value = TranslateAll(record.Walker, a.Item1.Value, a.count, converted, a.Item4.Value);
                return Status.Ok;
            });

    /// <summary>Translates an address without a trace in guest memory, and tells each entry that was read.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="address">The linear address, with its tag if it has one.</param>
    /// <param name="access">The access.</param>
    /// <param name="steps">Receives the entries, in the order they were read. struct_size of the first is set: it is that of all.</param>
    /// <param name="capacity">Room for so many; a walk of two dimensions reads up to 30.</param>
    /// <param name="count">Receives how many were read, more than capacity perhaps.</param>
    /// <param name="walk">Receives the outcome; its struct_size is set.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_explain")]
    internal static Status Explain(
        VcpuHandle vcpu, ulong address, AccessBits access, AbiWalkStep* steps, uint capacity, uint* count, AbiWalk* walk) =>
        count == null ? Failure.OfNull(nameof(count))
            : VcpuCall.Anywhere(vcpu, (address, access, new Ptr<AbiWalkStep>(steps), capacity, new Ptr<uint>(count), new Ptr<AbiWalk>(walk)), static (record, a) =>
            {
                Status status = Sized.Check(a.Item6.Value);
                status = status == Status.Ok && a.capacity != 0 ? Sized.Check(a.Item3.Value) : status;
                if (status != Status.Ok)
                {
                    return status;
                }

                if (!Accesses.TryConvert(a.access, out Access converted))
                {
                    return Accesses.Refuse();
                }

                WalkExplanation told = record.Walker.Explain(new Gva(a.address), converted);
                *a.Item5.Value = (uint)told.Steps.Count;
                WriteSteps(told, a.Item3.Value, a.capacity);
                Walks.Write(told.Result, a.Item6.Value);
                return Status.Ok;
            });

    /// <summary>As mmu_explain, for people: one line an entry.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="address">The linear address, with its tag if it has one.</param>
    /// <param name="access">The access.</param>
    /// <param name="buffer">Receives the text, cut to fit and ended by 0; may be NULL if size is 0.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <param name="length">Receives the length of the whole text.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_explain_text")]
    internal static Status ExplainText(VcpuHandle vcpu, ulong address, AccessBits access, [Text] byte* buffer, ulong size, ulong* length) =>
        length == null ? Failure.OfNull(nameof(length))
            : VcpuCall.Anywhere(vcpu, (address, access, new Ptr<byte>(buffer), size, new Ptr<ulong>(length)), static (record, a) =>
            {
                if (!Accesses.TryConvert(a.access, out Access converted))
                {
                    return Accesses.Refuse();
                }

                string text = record.Walker.Explain(new Gva(a.address), converted).ToString();
                *a.Item5.Value = TextOut.Copy(text, a.Item3.Value, a.size);
                return Status.Ok;
            });

    private static uint TranslateAll(GuestWalker walker, ulong* addresses, uint count, Access access, AbiWalk* walks)
    {
        uint translated = 0;
        Span<WalkResult> results = stackalloc WalkResult[Batch];
        for (uint done = 0; done < count;)
        {
            int size = (int)Math.Min(count - done, Batch);
            ReadOnlySpan<Gva> group = new(addresses + done, size);
            translated += (uint)walker.TranslateMany(group, access, results[..size]);
            for (int i = 0; i < size; i++, done++)
            {
                Walks.Write(results[i], Sized.At(walks, done));
            }
        }

        return translated;
    }

    private static void WriteSteps(WalkExplanation told, AbiWalkStep* steps, uint capacity)
    {
        for (int i = 0; i < told.Steps.Count && i < capacity; i++)
        {
            WalkStep step = told.Steps[i];
            Sized.WriteAt(steps, (uint)i, new AbiWalkStep
            {
                Flags = step.InSecondDimension ? WalkFlags.SecondDimension : WalkFlags.None,
                Level = (uint)step.Level,
                Rights = step.FoldedRights,
                EntryAddress = step.EntryAddress,
                Entry = step.Entry,
            });
        }
    }
}
