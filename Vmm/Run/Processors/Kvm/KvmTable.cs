// Vmm.Run: struct kvm_dtable.
using System.Runtime.InteropServices;

namespace Mmu.Vmm.Run.Processors.Kvm;

/// <summary>GDTR or IDTR.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct KvmTable
{
    public ulong Base;
    public ushort Limit;
}
