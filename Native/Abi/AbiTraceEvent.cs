// Abi: an event of a trace.
using System.Runtime.InteropServices;
using Mmu.Diagnostics;

namespace Mmu.Native.Abi;

/// <summary>An event of a trace: mmu_trace_point_name and mmu_trace_field_name tell what it is.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiTraceEvent
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>What it tells of.</summary>
    internal TracePoint Point;

    /// <summary>The vCPU's number; -1 where the event has none.</summary>
    internal int Vcpu;

    /// <summary>How many fields it has.</summary>
    internal uint FieldCount;

    /// <summary>The number of the event since tracing began, from 0 on.</summary>
    internal ulong Number;

    /// <summary>Its fields, 0 after the last one.</summary>
    internal TraceWords Fields;
}
