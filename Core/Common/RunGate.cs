// Common: who is in guest, what each vCPU has to do before it enters, and how to reach those inside.
using System;

namespace Mmu.Common;

/// <summary>The guest-entry protocol. See docs/locking.md.</summary>
internal sealed class RunGate
{
    /// <summary>
    /// Makes every vCPU drop the translations it cached before the call: those in guest now, the others when they enter. Lock held. When it
    /// returns no vCPU uses an older translation.
    /// </summary>
    internal void FlushAll() => throw new NotImplementedException();

    /// <summary>Has every vCPU let go of obsolete roots before it enters next; those in guest are kicked. Does not wait.</summary>
    internal void RequestFreeObsoleteRoots() => throw new NotImplementedException();
}
