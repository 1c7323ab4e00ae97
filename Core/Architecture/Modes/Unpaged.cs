// Architecture: paging off.
using Mmu.Architecture.Generation;

namespace Mmu.Architecture;

/// <summary>
/// Paging off: a linear address of 32 bits is the physical address, and every access is allowed. Intel SDM "Paging Modes and Control Bits".
/// </summary>
[PagingMode(typeof(Pte32), Levels = 0, Address = AddressForm.Truncated)]
internal readonly partial struct Unpaged;
