// Shadow judge: a guest's invalidation of one address.
namespace Mmu.Tests.Shadow;

/// <param name="Address">Any address in the page.</param>
/// <param name="Pcid">The PCID whose translations went.</param>
/// <param name="Globals">Global ones went too.</param>
/// <param name="Time">When.</param>
internal readonly record struct PageInvalidation(ulong Address, ulong Pcid, bool Globals, long Time);
