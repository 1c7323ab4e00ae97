// Shadow judge: a guest root that a vCPU used, and when.
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

/// <param name="Cpu">CR3 and the PDPTE registers.</param>
/// <param name="Pcid">The PCID that its translations were cached under.</param>
/// <param name="From">Since when.</param>
/// <param name="To">Until when.</param>
internal readonly record struct RootUse(OracleCpu Cpu, ulong Pcid, long From, long To);
