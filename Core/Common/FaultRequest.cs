// Common: a fault as a processor reports it.
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;

namespace Mmu.Common;

/// <summary>A page fault that a processor raised while it ran on our tables.</summary>
/// <param name="Address">The linear address: CR2.</param>
/// <param name="Access">The access, with the privilege and EFLAGS.AC that it was made with.</param>
/// <param name="ErrorCode">The error code of the fault; <see cref="PageFaultCode.Reserved"/> says that an MMIO entry was met.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct FaultRequest(Gva Address, Access Access, PageFaultCode ErrorCode);
