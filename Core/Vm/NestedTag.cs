// Vm: how a processor tells the translations of a guest's guest apart.
using System.Runtime.InteropServices;

namespace Mmu.Vm;

/// <summary>How L1 has the processor tell the translations of one of its guests apart from others.</summary>
/// <param name="Id">
/// VPID or ASID; 0 for none (Intel, "enable VPID" off): then each entry to the guest and each exit from it drops all translations of linear addresses.
/// </param>
/// <param name="Flush">The entry drops those of the tag: AMD's TLB_CONTROL. With it tables of NPT are brought in step.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NestedTag(ushort Id, bool Flush = false);
