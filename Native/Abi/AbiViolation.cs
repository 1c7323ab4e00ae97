// Abi: a fault of the second dimension.
using System.Runtime.InteropServices;
using Mmu.Common;

namespace Mmu.Native.Abi;

/// <summary>An EPT violation, an EPT misconfiguration or a nested page fault.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiViolation
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>How the processor reported it: which of the fields below count.</summary>
    internal ViolationSource Source;

    /// <summary>The guest physical address.</summary>
    internal ulong Gpa;

    /// <summary>Exit qualification or EXITINFO1, by source.</summary>
    internal ulong Code;

    /// <summary>Of MMU_VIOLATION_SOURCE_GIVEN: the access.</summary>
    internal AccessBits Access;

    /// <summary>Of MMU_VIOLATION_SOURCE_GIVEN: what else is known.</summary>
    internal ViolationFlags Flags;
}
