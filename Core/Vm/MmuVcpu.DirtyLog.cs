// Vm: what a vCPU's own dirty log is made of.
using System;
using Mmu.Guest;

namespace Mmu.Vm;

public sealed partial class MmuVcpu
{
    /// <summary>The ring in which the pages that the vCPU writes are reported; null without <see cref="MmuVmOptions.DirtyRingEntries"/>.</summary>
    public DirtyRing? DirtyRing => _vcpu.DirtyRing;

    /// <summary>
    /// Hands over the pages that the processor has noted while it ran the vCPU (Intel SDM "Page-Modification Logging"). After each exit, before anything
    /// is harvested.
    /// </summary>
    /// <param name="addresses">Guest physical addresses, anywhere in their pages. Those outside every slot count for nothing.</param>
    /// <returns>How many are in slots that have a dirty log.</returns>
    /// <exception cref="InvalidOperationException">The vCPU is in guest.</exception>
    public int DrainDirtyPages(ReadOnlySpan<ulong> addresses)
    {
        BeginCall();
        try
        {
            int logged = 0;
            SlotRecords slots = _core.Slots[_vcpu.AddressSpace];
            foreach (ulong address in addresses)
            {
                if (slots.FindLockless(address >> 12)?.DirtyLog is { } log)
                {
                    log.Mark(address >> 12, _vcpu.DirtyRing);
                    logged++;
                }
            }

            return logged;
        }
        finally
        {
            EndCall();
        }
    }
}
