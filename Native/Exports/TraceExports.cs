// Exports: what a VM does, event by event.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Mmu.Diagnostics;
using Mmu.Memory;
using Mmu.Native.Abi;

namespace Mmu.Native.Exports;

/// <summary>
/// Traces: the frequent events of a VM in memory of the caller's, with the names and fields of KVM's tracepoints. Any thread, several at a time; not a thread
/// that has a vCPU of the VM in guest, and not a callback.
/// </summary>
internal static unsafe class TraceExports
{
    private static readonly Dictionary<string, nint> _names = [];

    /// <summary>Begins a trace, or ends it.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="memory">
    /// 64 bytes for each entry, all 0, a multiple of 8; it stays the library's until the VM is destroyed, even after the trace has ended. NULL ends the trace.
    /// </param>
    /// <param name="entries">How many of the latest events are kept: a power of two, at least 2, below 2^31.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_set_trace")]
    internal static Status Set(VmHandle vm, void* memory, uint entries) => VmCall.Do(vm, (new Ptr<byte>((byte*)memory), entries), static (vm, a) =>
    {
        vm.Trace = a.Item1.Value == null ? null : new TraceRing((nuint)a.Item1.Value, (int)Math.Min(a.entries, int.MaxValue));
        return Status.Ok;
    });

    /// <summary>Reads events of the trace, oldest first; those that were overwritten are passed over.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="next">The number of the first event that is wanted, 0 at first; receives the one after the last that was read.</param>
    /// <param name="events">Receives the events. struct_size of the first is set: it is that of all.</param>
    /// <param name="capacity">Room for so many.</param>
    /// <param name="count">Receives how many there are.</param>
    /// <returns>MMU_ERROR_STATE if there is no trace.</returns>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_read_trace")]
    internal static Status Read(VmHandle vm, ulong* next, AbiTraceEvent* events, uint capacity, uint* count) =>
        next == null ? Failure.OfNull(nameof(next)) : count == null ? Failure.OfNull(nameof(count))
            : VmCall.Do(vm, (new Ptr<ulong>(next), new Ptr<AbiTraceEvent>(events), capacity, new Ptr<uint>(count)), static (vm, a) =>
            {
                Status status = Sized.Check(a.Item2.Value);
                if (status != Status.Ok)
                {
                    return status;
                }

                if (vm.Trace is not { } ring)
                {
                    return Failure.Of(Status.ErrorState, "There is no trace: call mmu_vm_set_trace first.");
                }

                *a.Item4.Value = ReadAll(ring, ref *a.Item1.Value, a.Item2.Value, a.capacity);
                return Status.Ok;
            });

    /// <summary>The name of a trace point, KVM's.</summary>
    /// <param name="point">Which.</param>
    /// <returns>A string that is never freed; NULL if there is no such point.</returns>
    [UnmanagedCallersOnly(EntryPoint = "mmu_trace_point_name")]
    [return: Text]
    internal static byte* GetPointName(TracePoint point) => IsPoint(point) ? NameOf(TracePoints.NameOf(point)) : null;

    /// <summary>The name of a field of a trace point, KVM's.</summary>
    /// <param name="point">Which point.</param>
    /// <param name="field">Which field, from 0 on.</param>
    /// <returns>A string that is never freed; NULL if there is no such field.</returns>
    [UnmanagedCallersOnly(EntryPoint = "mmu_trace_field_name")]
    [return: Text]
    internal static byte* GetFieldName(TracePoint point, uint field) =>
        IsPoint(point) && field < (uint)TracePoints.FieldsOf(point).Length ? NameOf(TracePoints.FieldsOf(point)[(int)field]) : null;

    private static bool IsPoint(TracePoint point) => (uint)point < (uint)TracePoints.Count;

    // The trace goes on meanwhile: what is still being written ends the reading, what was overwritten is behind its oldest event.
    private static uint ReadAll(TraceRing ring, ref ulong next, AbiTraceEvent* events, uint capacity)
    {
        uint done = 0;
        ulong end = ring.Count;
        ulong oldest = end > (ulong)ring.Entries ? end - (ulong)ring.Entries : 0;
        ulong number = Math.Min(Math.Max(next, oldest), end);
        for (; number < end && done < capacity; number++)
        {
            if (ring.TryRead(number, out TraceEvent found))
            {
                Sized.WriteAt(events, done++, Convert(found));
            }
            else if (ring.Count - number <= (ulong)ring.Entries)
            {
                break;
            }
        }

        next = number;
        return done;
    }

    private static AbiTraceEvent Convert(in TraceEvent found)
    {
        int fields = TracePoints.FieldsOf(found.Point).Length;
        AbiTraceEvent converted = new() { Point = found.Point, Vcpu = found.Vcpu, FieldCount = (uint)fields, Number = found.Number };
        for (int i = 0; i < fields; i++)
        {
            converted.Fields[i] = found[i];
        }

        return converted;
    }

    private static byte* NameOf(string name)
    {
        lock (_names)
        {
            if (!_names.TryGetValue(name, out nint text))
            {
                text = TextOut.Keep(name);
                _names[name] = text;
            }

            return (byte*)text;
        }
    }
}
