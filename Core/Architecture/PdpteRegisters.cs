// Architecture: the PDPTE registers of PAE paging.
using System.Runtime.CompilerServices;

namespace Mmu.Architecture;

/// <summary>The four PDPTE registers that a CR3 write loads under PAE paging. Intel SDM "PDPTE Registers".</summary>
[InlineArray(4)]
internal struct PdpteRegisters
{
    private ulong _first;
}
