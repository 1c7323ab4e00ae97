// Native: address spaces.
using System;

namespace Mmu.Native;

/// <summary>The number of an address space.</summary>
internal static class Space
{
    /// <summary>The number as the library takes it, which refuses others than 0 and 1.</summary>
    internal static int Of(uint addressSpace) => (int)Math.Min(addressSpace, 2);
}
