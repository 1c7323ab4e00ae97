// Shadow: states of a shadow page.
using System;

namespace Mmu.Shadow;

/// <summary>States of a shadow page.</summary>
[Flags]
internal enum PageStates : byte
{
    /// <summary>In step with the guest's table, which is write-protected.</summary>
    None = 0,

    /// <summary>The guest may write its table at will; the page is brought in step when the guest flushes.</summary>
    Unsync = 1,

    /// <summary>Taken apart, and only kept because a vCPU still runs on it as its root.</summary>
    Invalid = 2,
}
