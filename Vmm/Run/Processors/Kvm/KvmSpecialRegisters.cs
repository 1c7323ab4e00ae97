// Vmm.Run: struct kvm_sregs.
using System.Runtime.InteropServices;

namespace Mmu.Vmm.Run.Processors.Kvm;

/// <summary>Segments, descriptor tables and control registers.</summary>
[StructLayout(LayoutKind.Sequential, Size = 312)]
internal struct KvmSpecialRegisters
{
    public KvmSegment Cs;
    public KvmSegment Ds;
    public KvmSegment Es;
    public KvmSegment Fs;
    public KvmSegment Gs;
    public KvmSegment Ss;
    public KvmSegment Tr;
    public KvmSegment Ldt;
    public KvmTable Gdt;
    public KvmTable Idt;
    public ulong Cr0;
    public ulong Cr2;
    public ulong Cr3;
    public ulong Cr4;
    public ulong Cr8;
    public ulong Efer;
}
