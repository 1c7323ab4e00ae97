// Header: C# types as C types.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Native;
using Mmu.Native.Abi;
using Mmu.Vm;
using Mmu.Walk;

namespace Mmu.NativeHeader;

/// <summary>How the types of the declarations are written in C.</summary>
internal static class CTypes
{
    /// <summary>Enumerations with a name of their own in C.</summary>
    internal static readonly IReadOnlyDictionary<Type, string> Enums = new Dictionary<Type, string>
    {
        [typeof(Status)] = "mmu_status",
        [typeof(AccessBits)] = "mmu_access",
        [typeof(VmFlags)] = "mmu_vm_flags",
        [typeof(FeatureFlags)] = "mmu_feature",
        [typeof(SlotBits)] = "mmu_slot_flags",
        [typeof(DirtyLogFlags)] = "mmu_dirty_log_flags",
        [typeof(WalkFlags)] = "mmu_walk_flags",
        [typeof(CpuVendor)] = "mmu_vendor",
        [typeof(ControlStateStatus)] = "mmu_control_state_status",
        [typeof(RootStatus)] = "mmu_root_status",
        [typeof(WalkOutcome)] = "mmu_walk_outcome",
        [typeof(FaultCause)] = "mmu_fault_cause",
        [typeof(PageFaultCode)] = "mmu_page_fault",
        [typeof(Rights)] = "mmu_rights",
        [typeof(MemoryType)] = "mmu_memory_type",
        [typeof(FaultOutcome)] = "mmu_fault_outcome",
        [typeof(InvalidateStatus)] = "mmu_invalidate_status",
        [typeof(SoftTlbOutcome)] = "mmu_soft_tlb_outcome",
        [typeof(FlushScope)] = "mmu_flush_scope",
        [typeof(RootKind)] = "mmu_root_kind",
        [typeof(TdpFormat)] = "mmu_nested_format",
        [typeof(ViolationSource)] = "mmu_violation_source",
        [typeof(ViolationFlags)] = "mmu_violation_flags",
        [typeof(ResolvedKind)] = "mmu_resolved_kind",
        [typeof(TracePoint)] = "mmu_trace_point",
    };

    /// <summary>Handles, in the order of their declaration.</summary>
    internal static readonly IReadOnlyList<Type> Handles = [typeof(VmHandle), typeof(VcpuHandle), typeof(DirtyLogHandle), typeof(SnapshotHandle)];

    private static readonly Dictionary<Type, string> _primitives = new()
    {
        [typeof(void)] = "void",
        [typeof(byte)] = "uint8_t",
        [typeof(int)] = "int32_t",
        [typeof(uint)] = "uint32_t",
        [typeof(ulong)] = "uint64_t",
        [typeof(VmHandle)] = "mmu_vm",
        [typeof(VcpuHandle)] = "mmu_vcpu",
        [typeof(DirtyLogHandle)] = "mmu_dirty_log",
        [typeof(SnapshotHandle)] = "mmu_snapshot",
        [typeof(TraceWords)] = "uint64_t",
    };

    /// <summary>Structs, those that others need first.</summary>
    internal static IEnumerable<Type> Structs => typeof(Status).Assembly.GetTypes()
        .Where(type => type.IsValueType && type.Name.StartsWith("Abi", StringComparison.Ordinal)).OrderBy(type => type.Name, StringComparer.Ordinal);

    /// <summary>Callbacks.</summary>
    internal static IEnumerable<Type> Callbacks => typeof(Status).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(Delegate)) && type.Name.EndsWith("Callback", StringComparison.Ordinal))
        .OrderBy(type => type.Name, StringComparer.Ordinal);

    /// <summary>Exported functions, group by group in order of their declaration.</summary>
    internal static IEnumerable<IGrouping<Type, MethodInfo>> Functions => typeof(Status).Assembly.GetTypes()
        .Where(type => type.Name.EndsWith("Exports", StringComparison.Ordinal)).OrderBy(type => Array.IndexOf(_order, type.Name))
        .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic).Where(IsExported).OrderBy(item => item.MetadataToken))
        .GroupBy(method => method.DeclaringType!);

    private static readonly string[] _order =
    [
        "LibraryExports", "VmExports", "SlotExports", "MemoryExports", "RangeExports", "DirtyLogExports", "DirtyPageExports", "SnapshotExports", "VcpuExports",
        "ControlExports", "RunExports", "NestedExports", "WalkExports", "DataExports", "SoftTlbExports", "DiagnosticExports",
        "TraceExports",
    ];

    /// <summary>Name of a type in C.</summary>
    internal static string Of(Type type)
    {
        if (type.IsPointer)
        {
            string target = Of(type.GetElementType()!);
            return target.EndsWith('*') ? target + "*" : target + " *";
        }

        return Enums.TryGetValue(type, out string? name) || _primitives.TryGetValue(type, out name) ? name
            : type.IsSubclassOf(typeof(Delegate)) ? $"mmu_{CName.Snake(type.Name[..^"Callback".Length])}_fn"
            : "mmu_" + CName.Snake(type.Name["Abi".Length..]);
    }

    /// <summary>How many elements a field has that is an array; 0 if it is none.</summary>
    internal static int LengthOf(FieldInfo field) => field.FieldType.GetCustomAttribute<InlineArrayAttribute>()?.Length ?? 0;

    /// <summary>A parameter as declared in C.</summary>
    internal static string Of(ParameterInfo parameter)
    {
        string type = parameter.IsDefined(typeof(TextAttribute)) ? "char *" : Of(parameter.ParameterType);
        string constant = parameter.IsDefined(typeof(InAttribute)) ? "const " : string.Empty;
        return $"{constant}{type}{(type.EndsWith('*') ? "" : " ")}{CName.Snake(parameter.Name!)}";
    }

    /// <summary>The name of an exported function.</summary>
    internal static string EntryPoint(MethodInfo method) => method.GetCustomAttribute<UnmanagedCallersOnlyAttribute>()!.EntryPoint!;

    private static bool IsExported(MethodInfo method) => method.IsDefined(typeof(UnmanagedCallersOnlyAttribute));
}
